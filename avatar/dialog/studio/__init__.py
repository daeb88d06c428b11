"""The studio: a persona made and changed by saying in words what should be otherwise."""
