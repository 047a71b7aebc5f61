"""Makes the tables of glyphs in firmware/joulegate/panel out of fonts: see __main__.py."""
