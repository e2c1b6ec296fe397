"""Stands in for LeRobot: as much of it as the plugin touches, written from its facts, so that tests need no LeRobot."""
