"""The exhibit in the browser: `build_app` assembles the tabs; everything it shows is a fold over events."""
