"""The building and the wire: weather, cooling, power, tariffs, supply, carbon."""
