"""Cellular modems that speak AT."""
