"""Where towns lie: the names of countries, the files that gazetteers come in, and the one that comes with the product."""
