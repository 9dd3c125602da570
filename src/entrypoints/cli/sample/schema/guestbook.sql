create table if not exists entries (
    id bigint generated always as identity primary key,
    author text not null check (length(author) <= 80),
    text text not null check (length(text) <= 500),
    signed_at timestamptz not null default now()
);
