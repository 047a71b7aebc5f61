"""Quality of the mains: sags, swells, distortion, outages, and the voltage over time."""
