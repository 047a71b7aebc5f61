"""Host tools for tariff documents."""
