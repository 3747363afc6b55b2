{# Written by `make sources` from what the sources declare in extract/sources.
   For every table of observations: its source, its staging model and the column
   with the id of a coin there (none if it holds no prices), whether that id is
   the canonical one, what makes two rows the same observation, and the source's
   own time. #}
{% macro raw_tables() -%}
    {{ return({
        "coingecko_markets": {
            "source": "coingecko",
            "staging_model": "stg_coingecko__markets",
            "coin_id": "coin_id",
            "has_canonical_ids": true,
            "observation_key": ["id", "currency", "last_updated"],
            "own_time": "last_updated",
        },
        "coingecko_market_chart": {
            "source": "coingecko",
            "staging_model": "stg_coingecko__market_chart_points",
            "coin_id": "coin_id",
            "has_canonical_ids": true,
            "observation_key": ["coin_id", "currency", "point_at"],
            "own_time": "point_at",
        },
        "stream_ticks": {
            "source": "stream",
            "staging_model": "stg_stream__ticks",
            "coin_id": "product_id",
            "has_canonical_ids": false,
            "observation_key": ["event_id", "product_id", "currency", "event_at"],
            "own_time": "event_at",
        },
    }) }}
{%- endmacro %}
