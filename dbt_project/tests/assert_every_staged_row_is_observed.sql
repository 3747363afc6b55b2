-- Every price in US dollars of a known coin is in the price series: a row that
-- the series skipped would never be added later. Prices under an id without a
-- coin are counted in fct_unmapped_ids.
{% set priced = {} %}
{% for table, facts in raw_tables().items() if facts.coin_id %}
    {% do priced.update({table: facts}) %}
{% endfor %}

with

{% for table, facts in priced.items() %}
    {{ table }} as (

        select * from {{ rows_to_test(ref(facts.staging_model)) }}
        where price_usd is not null

    ),
{% endfor %}

coin_ids as (

    select * from {{ ref("coin_source_ids") }}

),

observations as (

    select * from {{ rows_to_test(ref("int_price_observations")) }}

),

staged as (

    {% for table, facts in priced.items() %}
        select
            '{{ facts.source }}' as source,
            {% if facts.has_canonical_ids %}
                {{ table }}.coin_id,
            {% else %}
                coin_ids.coin_id,
            {% endif %}
            {{ table }}.observed_at
        from {{ table }}
        {% if not facts.has_canonical_ids %}
            inner join coin_ids
                on
                    {{ table }}.{{ facts.coin_id }} = coin_ids.source_coin_id
                    and coin_ids.source = '{{ facts.source }}'
        {% endif %}
        {{ "union all" if not loop.last }}
    {% endfor %}

),

unobserved as (

    select staged.*
    from staged
    left join observations
        on
            staged.source = observations.source
            and staged.coin_id = observations.coin_id
            and staged.observed_at = observations.observed_at
    where observations.source is null

)

select * from unobserved
