"""A deterministic simulated market, and a local API that serves it with the shapes of CoinGecko."""
