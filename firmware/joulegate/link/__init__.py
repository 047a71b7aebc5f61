"""The link: transports, modems, the MQTT session and what goes up by it."""
