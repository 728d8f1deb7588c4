"""From a unit's events to the numbers of a journey map; pure. See `journey-model.md`'s terms in docs."""
