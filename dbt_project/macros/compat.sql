{# What differs between the engines, and nothing else. #}

{# A timestamp with time zone as a UTC timestamp without one. A plain cast would
   use the session's time zone; on Spark, whose timestamps are all instants, the
   session is set to UTC and a cast is enough. #}
{% macro utc_timestamp(instant) -%}
    {%- if target.type == "spark" -%}
        cast({{ instant }} as timestamp)
    {%- else -%}
        timezone('UTC', {{ instant }})
    {%- endif -%}
{%- endmacro %}

{# The first instant of a date, as a timestamp with time zone. #}
{% macro midnight_utc(date) -%}
    {%- if target.type == "spark" -%}
        cast({{ date }} as timestamp)
    {%- else -%}
        timezone('UTC', cast({{ date }} as timestamp))
    {%- endif -%}
{%- endmacro %}

{# A 64-bit floating point type. `type_float` is 32 bits on two engines, and
   PostgreSQL has no `double`. #}
{% macro double_type() -%}
    {{ "double precision" if target.type == "postgres" else "double" }}
{%- endmacro %}

{# Whole microseconds since 1970. Unlike epoch seconds, their differences are
   exact. #}
{% macro epoch_microseconds(timestamp) -%}
    {%- if target.type == "postgres" -%}
        cast(extract(epoch from {{ timestamp }}) * 1000000 as bigint)
    {%- elif target.type == "spark" -%}
        unix_micros({{ timestamp }})
    {%- else -%}
        epoch_us({{ timestamp }})
    {%- endif -%}
{%- endmacro %}

{# `value` of the row with the smallest `key`, among those where `condition`
   holds if one is given; the caller makes sure that keys are distinct.
   PostgreSQL has no `min_by`; there it is the first element of a filtered
   array. #}
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

{# One row for each day from the first to the last, inclusive. Used as a column,
   it multiplies the rows of its select. #}
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

{# How an incremental model replaces whole days. Spark cannot delete from
   Parquet tables: there a day is a partition, which is overwritten. #}
{% macro incremental_by_day(day_column) -%}
    {%- set settings = progress_hooks() -%}
    {%- do settings.update(
        materialized="incremental", on_schema_change="fail"
    ) -%}
    {%- if target.type == "spark" -%}
        {%- do settings.update(
            incremental_strategy="insert_overwrite",
            partition_by=day_column,
            file_format="parquet",
        ) -%}
    {%- else -%}
        {%- do settings.update(
            incremental_strategy="delete+insert", unique_key=day_column
        ) -%}
    {%- endif -%}
    {{ return(settings) }}
{%- endmacro %}

{# The types of a contract, as the engine spells them. Spark has no `float8`,
   the only name for a 64-bit float that the others share. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
        {% for column in columns.values() %}
            cast(
                null as {{ column.data_type | replace("float8", "double") }}
            ) as {{ column.name }}{{ "," if not loop.last }}
        {% endfor %}
{%- endmacro %}

{# On Spark, raw consists of Parquet files. Tables are declared over them with
   the columns that the sources declare, because nothing can be inferred from an
   empty folder, and are refreshed, because a session caches the list of files.
   #}
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

{# Both names with their schema, which is the same; only Spark wants it twice.
   #}
{% macro rename_table(old, new) -%}
    alter table {{ old }} rename to
    {{ new if target.type == "spark" else new.split(".") | last }}
{%- endmacro %}

{# Text as a contract declares it. PostgreSQL treats `varchar` as another type
   when an incremental model compares its columns. #}
{% macro text_type() -%}
    {{ "string" if target.type == "spark" else "text" }}
{%- endmacro %}

{# The tables and views that a schema really has, not those in dbt's cache.
   Spark lists the session's temporary views under every schema. #}
{% macro relations_in(schema) -%}
    {%- if target.type == "spark" -%}
        {%- set views = run_query("show views in " ~ schema).columns[1].values() -%}
        {%- set names = [] -%}
        {%- for row in run_query("show tables in " ~ schema).rows -%}
            {%- do names.append(row[1]) if not row[2] -%}
        {%- endfor -%}
    {%- else -%}
        {%- set found = run_query(
            "select table_name, table_type from information_schema.tables"
            ~ " where table_catalog = current_database()"
            ~ " and table_schema = '" ~ schema ~ "'"
        ) -%}
        {%- set names = found.columns[0].values() -%}
        {%- set views = [] -%}
        {%- for row in found.rows if row[1] == "VIEW" -%}
            {%- do views.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set relations = [] -%}
    {%- for name in names -%}
        {%- do relations.append(api.Relation.create(
            database=none if target.type == "spark" else target.database,
            schema=schema,
            identifier=name,
            type="view" if name in views else "table",
        )) -%}
    {%- endfor -%}
    {{ return(relations) }}
{%- endmacro %}
