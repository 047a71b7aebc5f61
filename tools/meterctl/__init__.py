"""The technician's tool: reads, provisions and updates a meter over its serial line."""
