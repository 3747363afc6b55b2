{# Before an incremental build on DuckDB: its memory then grows with the new
   data and not with the history. `limit_memory` is false when the job tries
   again without a limit. #}
{% macro limit_memory() -%}
    {%- if target.type == "duckdb"
        and var("limit_memory", true)
        and execute
        and not flags.FULL_REFRESH
        and adapter.get_relation(target.database, "builds", "tested") -%}
        set memory_limit = '{{ var("duckdb_memory") }}'
    {%- endif -%}
{%- endmacro %}
