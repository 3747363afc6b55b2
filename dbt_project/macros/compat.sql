{# What the engines say differently, and nothing else. #}

{# An instant with its zone as a UTC timestamp without one. A plain cast would
   take the session's zone; on Spark, whose timestamps are all instants, the
   session is set to UTC and the cast is one. #}
{% macro utc_timestamp(instant) -%}
    {%- if target.type == "spark" -%}
        cast({{ instant }} as timestamp)
    {%- else -%}
        timezone('UTC', {{ instant }})
    {%- endif -%}
{%- endmacro %}

{# A 64-bit floating point type. `type_float` is 32 bits on two engines, and
   PostgreSQL has no `double`. #}
{% macro double_type() -%}
    {{ "double precision" if target.type == "postgres" else "double" }}
{%- endmacro %}

{# Whole microseconds since 1970. Differences of them are exact, those of
   epoch seconds are not. #}
{% macro epoch_microseconds(timestamp) -%}
    {%- if target.type == "postgres" -%}
        cast(extract(epoch from {{ timestamp }}) * 1000000 as bigint)
    {%- elif target.type == "spark" -%}
        unix_micros({{ timestamp }})
    {%- else -%}
        epoch_us({{ timestamp }})
    {%- endif -%}
{%- endmacro %}

{# `value` of the row with the smallest `key`, of those where `condition` holds
   if one is given; the caller keeps keys distinct. PostgreSQL has no `min_by`,
   and takes the first of an array after its filter. #}
{% macro value_at_least(value, key, condition=none) -%}
    {%- set filtered = " filter (where " ~ condition ~ ")" if condition else "" -%}
    {%- if target.type == "postgres" -%}
        (array_agg({{ value }} order by {{ key }}){{ filtered }})[1]
    {%- else -%}
        min_by({{ value }}, {{ key }}){{ filtered }}
    {%- endif -%}
{%- endmacro %}

{# The same for the greatest `key`. #}
{% macro value_at_greatest(value, key, condition=none) -%}
    {%- set filtered = " filter (where " ~ condition ~ ")" if condition else "" -%}
    {%- if target.type == "postgres" -%}
        (array_agg({{ value }} order by {{ key }} desc){{ filtered }})[1]
    {%- else -%}
        max_by({{ value }}, {{ key }}){{ filtered }}
    {%- endif -%}
{%- endmacro %}

{# One row for each day from the first to the last, both included. Used as a
   column, which multiplies the rows of its select. #}
{% macro each_day(first_date, last_date) -%}
    {%- if target.type == "postgres" -%}
        cast(
            generate_series(
                cast({{ first_date }} as timestamp),
                cast({{ last_date }} as timestamp),
                interval '1 day'
            ) as date
        )
    {%- elif target.type == "spark" -%}
        explode(sequence({{ first_date }}, {{ last_date }}, interval '1' day))
    {%- else -%}
        cast(
            unnest(generate_series(
                cast({{ first_date }} as timestamp),
                cast({{ last_date }} as timestamp),
                interval '1 day'
            )) as date
        )
    {%- endif -%}
{%- endmacro %}

{# How a model that grows replaces whole days. Parquet tables of Spark know no
   delete: there a day is a partition, and is overwritten. #}
{% macro incremental_by_day(day_column) -%}
    {%- if target.type == "spark" -%}
        {{ return({
            "materialized": "incremental",
            "incremental_strategy": "insert_overwrite",
            "partition_by": day_column,
            "file_format": "parquet",
            "on_schema_change": "fail",
        }) }}
    {%- else -%}
        {{ return({
            "materialized": "incremental",
            "incremental_strategy": "delete+insert",
            "unique_key": day_column,
            "on_schema_change": "fail",
        }) }}
    {%- endif -%}
{%- endmacro %}

{# The types of a contract, as the engine spells them. Spark knows no `float8`,
   the one name of a 64-bit float that the others share. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
        {% for column in columns.values() %}
            cast(
                null as {{ column.data_type | replace("float8", "double") }}
            ) as {{ column.name }}{{ "," if not loop.last }}
        {% endfor %}
{%- endmacro %}

{# On Spark raw is Parquet files. They are made tables with the columns that the
   sources declare, for of a folder without a file nothing could be inferred,
   and read anew, for a session keeps the list of files it has seen. #}
{% macro declare_raw_tables() -%}
    {%- if execute and target.type == "spark" -%}
        {%- set location = env_var("SPARK_RAW_URL", "data/spark/lake") -%}
        {%- do run_query("create schema if not exists raw") -%}
        {%- for table in graph.sources.values() -%}
            {%- set columns = [] -%}
            {%- for column in table.columns.values() -%}
                {%- do columns.append(column.name ~ " " ~ column.data_type) -%}
            {%- endfor -%}
            {%- do run_query(
                "create table if not exists raw." ~ table.name
                ~ " (" ~ columns | join(", ") ~ ") using parquet"
                ~ " options (recursiveFileLookup 'true')"
                ~ " location '" ~ location ~ "/raw/" ~ table.name ~ "'"
            ) -%}
            {%- do run_query("refresh table raw." ~ table.name) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Text as a contract declares it. PostgreSQL tells `varchar` from it when an
   incremental model compares its columns. #}
{% macro text_type() -%}
    {{ "string" if target.type == "spark" else "text" }}
{%- endmacro %}
