"""Sixty ways of smuggling a script into a page, in every text that people type, before a real browser: none runs."""

import pytest
from django.apps import apps

from customers.models import Import, ImportState
from territory import clock
from territory.company.models import Company, forget_company
from territory.mail.models import Mail
from tests import factories
from tests.accounts.signing_in import client_of
from tests.test_access_markup import spoiled_alike
from tests.test_access_matrix import address, names, subjects

from .conftest import DESK, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RUN = "alert(1)"
AWAY = "/x-injected/"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<script src={AWAY}a.js></script>",
    f"<script\x0c>{RUN}</script>",
    f"<script type=module>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</option></select><script>{RUN}</script>",
    f"</template><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"'><script>{RUN}</script>",
    f'"><script>{RUN}</script>',
    f"`><script>{RUN}</script>",
    f"<<script>{RUN}//<</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<img src={AWAY}i.png>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x></svg>",
    f"<svg><use href='data:image/svg+xml,<svg onload={RUN}>'></svg>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe>",
    f"<iframe src=javascript:{RUN}></iframe>",
    f"<iframe src={AWAY}></iframe>",
    f"<object data={AWAY}></object>",
    f"<embed src=javascript:{RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<a href=' javascript:{RUN}'>x</a>",
    f"<a href='java\tscript:{RUN}'>x</a>",
    f"<a href='data:text/html,<script>{RUN}</script>'>x</a>",
    f"<form action=javascript:{RUN}><button>x</button></form>",
    f"<button formaction=javascript:{RUN}>x</button>",
    f"<base href={AWAY}>",
    f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    f"<link rel=stylesheet href={AWAY}s.css>",
    f"<style>@import '{AWAY}s.css';</style>",
    f"<div hx-get={AWAY} hx-trigger=load></div>",
    f"<div data-hx-get={AWAY} data-hx-trigger=load></div>",
    f'" hx-get="{AWAY}" hx-trigger="load" x="',
    f"' hx-get='{AWAY}' hx-trigger='load' x='",
    f"<div hx-on:load={RUN} hx-get={AWAY} hx-trigger='revealed'></div>",
    f"<div hx-ext=x hx-vals='js:{{a:{RUN}}}' hx-get={AWAY} hx-trigger=load></div>",
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' onfocus='{RUN}' autofocus x='",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"{{{{7*7}}}}${{{RUN}}}<%= {RUN} %>\u2028<script>{RUN}</script>",
]
# Attributes and elements that none of our pages has. In the address of a call or a mail what is typed leads nowhere.
INJECTED = (
    f'[hx-get*="{AWAY}"], [data-hx-get*="{AWAY}"], [src*="{AWAY}"], [href*="{AWAY}"]:not([href^="tel:"], [href^="mailto:"]), [onerror], [onload], [onfocus],'
    ' [onmouseover], [ontoggle], [onbegin], [onstart], [srcdoc], iframe, object, embed, marquee, base, a[href^="javascript:" i],'
    ' a[href^="data:" i], [action^="javascript:" i], [formaction^="javascript:" i]'
)
WATCH = """
window.alert = (said) => console.error(`a script ran: ${said} ${location.href}`);
document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.blockedURI} ${event.sourceFile}`));
"""
LOOK = "(what) => [...document.querySelectorAll(what)].map((each) => each.outerHTML.slice(0, 200))"
PARSE = """([text, what]) => {
  const page = new DOMParser().parseFromString(`<p title="${text}">${text}</p>`, "text/html");
  return [...page.querySelectorAll(what)].map((each) => each.outerHTML.slice(0, 200));
}"""


def everything(cast) -> list[str]:
    """One page of each address, and what else a page has behind its tabs."""
    about = subjects(cast)
    mapped = factories.import_of(cast.admin, f"{PAYLOADS[17]},team\n{PAYLOADS[0]},{PAYLOADS[50]}\n")
    done = factories.import_of(cast.admin, state=ImportState.DONE)
    Import.objects.filter(pk=done.pk).update(
        sample={"header": [PAYLOADS[17], "team"], "rows": [[2, [PAYLOADS[0], PAYLOADS[50]]]]}, rejected=1, total=1
    )
    done.problems.create(row=2, field="team", column="team", value=PAYLOADS[0], reason="no such team")
    found = [address(name, about) for name in names() if not name.startswith("account_")]
    found += [address("import_mapping", {"import": mapped.pk}), address("import_detail", {"import": done.pk})]
    customer = address("customer_detail", about)
    return [*found, *(f"{customer}?tab={tab}" for tab in ("orders", "touches", "changes")), "/search/?q=script"]


def shown(user, urls: list[str]) -> list[str]:
    """Those that are a page for this person."""
    client, found = client_of(user), []
    for url in urls:
        response = client.get(url)
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            found.append(url)
    return found


def spoil_all() -> int:
    """All payloads, or as many as have room, in every text that people type, in the history too."""
    fields = 0
    for room in ("accounts", "customers", "planning", "company"):
        for model in apps.get_app_config(room).get_models():
            for row in model._base_manager.all():
                fields += spoiled_alike(row, PAYLOADS, fields)
    return fields


def test_no_script_runs_and_no_markup_gets_in(opened, chromium, cast):
    Company.objects.update(is_demo=True)  # its pages of mails too
    forget_company()
    urls = everything(cast)
    factories.figures(cast.own)
    factories.due_touch(cast.own, cast.rep, clock.company_today())
    Mail.objects.update(subject="".join(PAYLOADS)[:200], text="\n".join(PAYLOADS), sent_at=clock.now())
    assert len(PAYLOADS) == 60
    assert spoil_all() > 150
    seen, wrong = 0, []
    for user in (cast.admin, cast.rep):
        page = opened(user, DESK, proven=True)
        page.add_init_script(WATCH)
        page.on("request", lambda request: wrong.append(request.url) if AWAY in request.url else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        for url in shown(user, urls):
            look_at(page, url)
            seen += 1
            if found := page.evaluate(LOOK, INJECTED):
                wrong.append(f"{url}: {found[:2]}")
    assert not wrong, "\n".join(wrong)
    assert seen > 200
    # Were it not escaped, it would be found.
    assert len(chromium.new_page().evaluate(PARSE, ["".join(PAYLOADS), INJECTED])) > 20
