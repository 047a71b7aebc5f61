"""The profile of a whole image, frozen or in ROMFS: for meters in use."""

NAME = "production"
