-- CoinGecko's ids are the canonical ones; only others need a mapping.
{% set others = {} %}
{% for table, facts in raw_tables().items() %}
    {% if facts.coin_id and not facts.has_canonical_ids %}
        {% do others.update({table: facts}) %}
    {% endif %}
{% endfor %}

with

{% for table, facts in others.items() %}
    {{ table }} as (

        select
            '{{ facts.source }}' as source,
            {{ facts.coin_id }} as source_coin_id,
            observed_at
        from {{ ref(facts.staging_model) }}

    ),
{% endfor %}

staged as (

    {% for table in others %}
        select * from {{ table }}
        {{ "union all" if not loop.last }}
    {% endfor %}

),

coin_ids as (

    select * from {{ ref("coin_source_ids") }}

),

final as (

    select
        staged.source,
        staged.source_coin_id,
        count(*) as row_count,
        min(staged.observed_at) as first_seen_at,
        max(staged.observed_at) as last_seen_at
    from staged
    left join coin_ids
        on
            staged.source = coin_ids.source
            and staged.source_coin_id = coin_ids.source_coin_id
    where coin_ids.coin_id is null
    group by staged.source, staged.source_coin_id

)

select * from final
