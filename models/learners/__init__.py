"""Models made of boosters: temperature as physics, and two models mixed by how near a composition is."""
