-- Looks at the journal pass by the shows that are over.
CREATE INDEX show_head_starts ON show_head (lane, starts_at)
