-- The language and region in which a city's cinemas write to their fans.
ALTER TABLE cities ADD COLUMN locale VARCHAR(16) NOT NULL DEFAULT 'en'
