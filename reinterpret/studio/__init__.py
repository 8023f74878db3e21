"""The chooser: a local page on which a person decides among what the machine suggests."""
