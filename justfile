# Chores beyond `make dev` and `make test`. `just` is on PyPI as rust-just.

default:
    @just --list

# The whole product on this machine; `just dev --port 0` and so on
dev *args:
    ci/dev {{args}}

test:
    ci/test

# Rust tests on both engines, filtered: `just rust session`
rust *args:
    ci/with-postgres cargo nextest run --workspace {{args}}

# The server dies at every single place of every flow, on both engines: about an hour
deaths:
    PROOF_SIM_DEATHS=1 ci/with-postgres cargo test -p proof-tests --test sim deaths -- --nocapture

# One simulated story with all that happens in it: `just sim --seed 7`
sim *args:
    ci/sim {{args}}

# Simulated stories until the time is over, on every core, and their totals: `just soak 3600`
soak seconds="3600" from="10000":
    ci/sim --seconds {{seconds}} --from {{from}}

# Users, kills, and the question where the money is: `just crash --orders 210 --kills 60`
crash *args:
    cargo build --quiet -p proof-server
    python3 verify/campaign.py {{args}}

# Users on a real node, re-orgs, nodes that fail or lie: `just nodes --orders 1000 --concurrency 100 --faults 1000`
nodes *args:
    cargo build --quiet -p proof-server
    python3 verify/node_campaign.py {{args}}

# Whether the core's own fast tests notice each change to money, order and ledger
mutants *args:
    command -v cargo-mutants >/dev/null || cargo install cargo-mutants --version 27.1.0 --locked
    cargo mutants -p proof-core {{args}} -- -E 'not test(no_story_breaks_the_promises)'

# What strangers send, mutated: each target for a minute, or `just fuzz mrz 600`
fuzz *args:
    ci/fuzz {{args}}

# What CI runs before the tests
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo deny --all-features check bans licenses sources
    python3 ci/check-docs

# Lighthouse on the widget's pages: performance and accessibility, on a quiet machine
lighthouse:
    ci/lighthouse

# Micro-benchmarks of the core
bench:
    cargo bench -p proof-core --bench core

# POST /widget/session on both engines, with pgbench beside it
bench-session *args:
    ci/bench-session {{args}}

# Entries to one hot account, with PostgreSQL and a bare loop beside it
bench-ledger *args:
    ci/bench-ledger {{args}}

# Sessions on SQLite with and without continuous backup, and how old it is
bench-ship *args:
    ci/bench-ship {{args}}

# Whole orders through the simulators
bench-order *args:
    ci/bench-order {{args}}

# How soon a server is ready with a million open orders
bench-ready *args:
    ci/bench-ready {{args}}

# Create, poll and search with 10,000 orders and with 2,000,000
bench-search *args:
    ci/bench-search {{args}}

# The documentation as a book, in docs/book
docs:
    command -v mdbook >/dev/null || cargo install mdbook --version 0.5.4 --locked
    mdbook build docs

# The machine contracts in openapi/, from the code; a test fails while they differ
generate:
    PROOF_GENERATE=1 cargo test --quiet -p proof-api --test openapi the_files_are_what_the_code_says
    PROOF_GENERATE=1 cargo test --quiet -p proof-api --test scenarios
