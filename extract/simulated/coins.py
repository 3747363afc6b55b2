"""The thirty coins of the simulated market. Names are real; levels are plausible, not quoted."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["coin", "stablecoin", "wrapped"]


@dataclass(frozen=True)
class Coin:
    """One coin.

    `level_usd` is the price the history swings around, `volatility` the standard deviation of
    daily log returns outside events (for a stablecoin or a wrapped coin: of the distance to what
    it follows), `beta` the weight of the common market factor and `daily_volume_usd` the typical
    turnover. A wrapped coin follows the coin `follows` times a ratio, which is `level_usd` at the
    start of 2025 and grows by `ratio_growth` a year. `sale` is the currency and price of the first
    public sale, from which the API computes `roi`.
    """

    coin_id: str
    symbol: str
    name: str
    product_id: str
    level_usd: float
    circulating_supply: float
    total_supply: float | None
    max_supply: float | None
    daily_volume_usd: float
    beta: float
    volatility: float
    kind: Kind = "coin"
    follows: str | None = None
    ratio_growth: float = 0.0
    supply_growth: float = 0.0
    sale: tuple[str, float] | None = None


def _coin(
    coin_id: str,
    symbol: str,
    name: str,
    level_usd: float,
    supply: tuple[float, float | None, float | None],
    daily_volume_usd: float,
    beta: float,
    volatility: float,
    **more: Any,
) -> Coin:
    return Coin(
        coin_id=coin_id,
        symbol=symbol,
        name=name,
        level_usd=level_usd,
        circulating_supply=supply[0],
        total_supply=supply[1],
        max_supply=supply[2],
        daily_volume_usd=daily_volume_usd,
        beta=beta,
        volatility=volatility,
        **({"product_id": f"{symbol.upper()}-USD"} | more),
    )


COINS: tuple[Coin, ...] = (
    _coin("bitcoin", "btc", "Bitcoin", 112_000.0, (19.9e6, 21e6, 21e6), 38e9, 1.0, 0.025,
          supply_growth=0.008),
    _coin("ethereum", "eth", "Ethereum", 3_300.0, (120.6e6, 120.6e6, None), 22e9, 1.3, 0.035,
          supply_growth=0.003, sale=("btc", 0.0007527)),
    _coin("tether", "usdt", "Tether", 1.0, (152e9, 152e9, None), 84e9, 0.0, 0.0004,
          kind="stablecoin", supply_growth=0.1),
    _coin("ripple", "xrp", "XRP", 2.2, (59.2e9, 99.98e9, 100e9), 4.1e9, 1.2, 0.042,
          supply_growth=0.02),
    _coin("binancecoin", "bnb", "BNB", 655.0, (140.9e6, 140.9e6, 200e6), 1.6e9, 1.0, 0.03,
          supply_growth=-0.01),
    _coin("solana", "sol", "Solana", 165.0, (521e6, 601e6, None), 4.4e9, 1.5, 0.044,
          supply_growth=0.05),
    _coin("usd-coin", "usdc", "USDC", 1.0, (60.8e9, 60.8e9, None), 11e9, 0.0, 0.0003,
          kind="stablecoin", supply_growth=0.15),
    _coin("dogecoin", "doge", "Dogecoin", 0.19, (149.6e9, 149.6e9, None), 1.5e9, 1.5, 0.05,
          supply_growth=0.033),
    _coin("tron", "trx", "TRON", 0.26, (94.9e9, 94.9e9, None), 0.7e9, 0.8, 0.031,
          supply_growth=-0.005, sale=("usd", 0.0019)),
    _coin("cardano", "ada", "Cardano", 0.68, (35.3e9, 45e9, 45e9), 0.8e9, 1.4, 0.045,
          supply_growth=0.01),
    _coin("staked-ether", "steth", "Lido Staked Ether", 1.0, (9.2e6, 9.2e6, None), 32e6, 0.0,
          0.0005, kind="wrapped", follows="ethereum", supply_growth=0.02),
    _coin("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", 1.0, (128.9e3, 128.9e3, 128.9e3), 0.3e9,
          0.0, 0.0005, kind="wrapped", follows="bitcoin"),
    _coin("wrapped-steth", "wsteth", "Wrapped stETH", 1.19, (3.6e6, 3.6e6, None), 21e6, 0.0,
          0.0006, kind="wrapped", follows="ethereum", ratio_growth=0.03, supply_growth=0.01),
    _coin("chainlink", "link", "Chainlink", 14.8, (657e6, 1e9, 1e9), 0.45e9, 1.4, 0.046,
          supply_growth=0.05),
    _coin("avalanche-2", "avax", "Avalanche", 22.0, (420e6, 457e6, 720e6), 0.4e9, 1.5, 0.05,
          supply_growth=0.06),
    _coin("stellar", "xlm", "Stellar", 0.27, (30.9e9, 50e9, 50e9), 0.2e9, 1.2, 0.045,
          supply_growth=0.03),
    _coin("shiba-inu", "shib", "Shiba Inu", 0.0000076, (589.2e12, 589.5e12, None), 0.19e9, 1.4,
          0.05),
    _coin("litecoin", "ltc", "Litecoin", 92.0, (75.9e6, 84e6, 84e6), 0.45e9, 1.1, 0.038,
          supply_growth=0.02),
    _coin("polkadot", "dot", "Polkadot", 4.3, (1.57e9, 1.57e9, None), 0.21e9, 1.4, 0.046,
          supply_growth=0.07),
    _coin("bitcoin-cash", "bch", "Bitcoin Cash", 410.0, (19.87e6, 21e6, 21e6), 0.3e9, 1.1, 0.042,
          supply_growth=0.008),
    _coin("uniswap", "uni", "Uniswap", 7.4, (600e6, 1e9, 1e9), 0.26e9, 1.5, 0.052,
          supply_growth=0.02),
    _coin("dai", "dai", "Dai", 1.0, (3.65e9, 3.65e9, None), 0.13e9, 0.0, 0.0004,
          kind="stablecoin"),
    _coin("pepe", "pepe", "Pepe", 0.0000062, (420.69e12, 420.69e12, 420.69e12), 0.8e9, 1.7, 0.065),
    _coin("monero", "xmr", "Monero", 270.0, (18.45e6, None, None), 0.11e9, 0.7, 0.036,
          supply_growth=0.008),
    _coin("near", "near", "NEAR Protocol", 2.6, (1.22e9, 1.25e9, None), 0.19e9, 1.6, 0.055,
          supply_growth=0.05),
    _coin("aptos", "apt", "Aptos", 5.1, (637e6, 1.14e9, None), 0.21e9, 1.5, 0.054,
          supply_growth=0.08),
    _coin("matic-network", "matic", "Polygon", 0.24, (9.1e9, 10e9, 10e9), 0.11e9, 1.5, 0.05,
          product_id="POL-USD", sale=("usd", 0.00263)),
    _coin("filecoin", "fil", "Filecoin", 2.7, (672e6, 1.96e9, 1.96e9), 0.17e9, 1.4, 0.052,
          supply_growth=0.08),
    # Two coins with one symbol: only the id tells them apart.
    _coin("beam-2", "beam", "Beam", 0.0075, (51.5e9, 62.2e9, 62.4e9), 11e6, 1.5, 0.06,
          product_id="BEAMX-USD", supply_growth=0.03),
    _coin("beam", "beam", "BEAM", 0.045, (152e6, None, 262.8e6), 0.4e6, 0.9, 0.07,
          supply_growth=0.05),
)  # fmt: skip
