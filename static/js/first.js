// Runs before the page is drawn: what needs JavaScript may show.
document.documentElement.classList.add("js");
