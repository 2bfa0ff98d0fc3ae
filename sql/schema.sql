-- The schema as the numbered migrations in sql/catalog and sql/shard leave it. Generated; change it
-- by a new migration, then run: node scripts/dump-schema.mjs

-- Catalog database

CREATE TABLE admission (
  pass_id char(16) CHARACTER SET ascii NOT NULL,
  sale_id varchar(48) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  epoch int unsigned NOT NULL,
  score bigint unsigned,
  admitted_at datetime(3) NOT NULL,
  expires_at datetime(3) NOT NULL,
  state varchar(8) NOT NULL,
  ended_at datetime(3),
  by_staff tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (pass_id),
  KEY admission_fan (fan_id, sale_id),
  KEY admission_sale (sale_id, admitted_at),
  CONSTRAINT admission_state CHECK (state IN ('LIVE', 'SPENT', 'LEFT', 'REVOKED'))
);

CREATE TABLE audit (
  audit_id bigint unsigned NOT NULL AUTO_INCREMENT,
  at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  actor varchar(80) NOT NULL,
  action varchar(40) NOT NULL,
  subject varchar(80) NOT NULL,
  before_value json,
  after_value json,
  PRIMARY KEY (audit_id),
  KEY audit_subject (subject, at)
);

CREATE TABLE cap_claim (
  show_id int unsigned NOT NULL,
  kind varchar(4) NOT NULL,
  claim_key varchar(100) CHARACTER SET ascii NOT NULL,
  scope varchar(48) NOT NULL,
  holder varchar(64) CHARACTER SET ascii NOT NULL,
  units smallint unsigned NOT NULL,
  unsure tinyint(1) DEFAULT 1,
  claimed_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id, kind, claim_key),
  KEY cap_claim_holder (scope, kind, holder),
  KEY cap_claim_unsure (unsure, claimed_at)
);

CREATE TABLE cap_quota (
  scope varchar(48) NOT NULL,
  kind varchar(4) NOT NULL,
  holder varchar(64) CHARACTER SET ascii NOT NULL,
  taken int unsigned NOT NULL,
  PRIMARY KEY (scope, kind, holder),
  CONSTRAINT cap_quota_kind CHECK (kind IN ('fan', 'card', 'code'))
);

CREATE TABLE cinemas (
  cinema_id varchar(48) NOT NULL,
  city_id varchar(48) NOT NULL,
  name varchar(150) NOT NULL,
  address varchar(300) NOT NULL,
  postal_code varchar(16) NOT NULL,
  lat double NOT NULL,
  lon double NOT NULL,
  PRIMARY KEY (cinema_id),
  KEY cinemas_city (city_id),
  CONSTRAINT cinemas_city FOREIGN KEY (city_id) REFERENCES cities (city_id)
);

CREATE TABLE cities (
  city_id varchar(48) NOT NULL,
  name varchar(100) NOT NULL,
  country char(2) NOT NULL,
  time_zone varchar(40) NOT NULL,
  lat double NOT NULL,
  lon double NOT NULL,
  locale varchar(16) NOT NULL DEFAULT 'en',
  PRIMARY KEY (city_id)
);

CREATE TABLE discount (
  code varchar(24) CHARACTER SET ascii NOT NULL,
  amount int unsigned,
  currency char(3),
  percent tinyint unsigned,
  uses_max int unsigned NOT NULL,
  starts_at datetime(3),
  ends_at datetime(3),
  sale_id varchar(48),
  shows varchar(2400),
  created_by varchar(80) NOT NULL,
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at datetime(3),
  PRIMARY KEY (code),
  CONSTRAINT discount_currency CHECK ((amount IS NULL) = (currency IS NULL)),
  CONSTRAINT discount_percent CHECK (percent IS NULL OR percent between 1 AND 100),
  CONSTRAINT discount_value CHECK (amount IS NULL <> (percent IS NULL))
);

CREATE TABLE fans (
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  data_key varbinary(120),
  email varbinary(400),
  email_index binary(32),
  name varbinary(400),
  phone varbinary(120),
  phone_index binary(32),
  password_hash varchar(120),
  token_epoch int unsigned NOT NULL DEFAULT 1,
  state varchar(8) NOT NULL,
  guarded_at datetime(3),
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (fan_id),
  UNIQUE KEY fans_email (email_index),
  KEY fans_guarded (guarded_at),
  KEY fans_phone (phone_index),
  CONSTRAINT fans_state CHECK (state IN ('ACTIVE', 'BANNED', 'ERASED'))
);

CREATE TABLE fan_bookings (
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  show_id int unsigned NOT NULL,
  booking_id bigint unsigned NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (fan_id, show_id, booking_id),
  KEY fan_bookings_recent (fan_id, created_at)
);

CREATE TABLE halls (
  hall_id varchar(48) NOT NULL,
  cinema_id varchar(48) NOT NULL,
  name varchar(100) NOT NULL,
  PRIMARY KEY (hall_id),
  KEY halls_cinema (cinema_id),
  CONSTRAINT halls_cinema FOREIGN KEY (cinema_id) REFERENCES cinemas (cinema_id)
);

CREATE TABLE inbox (
  event_id varchar(80) CHARACTER SET ascii NOT NULL,
  kind varchar(60) NOT NULL,
  show_id int unsigned,
  reservation_id bigint unsigned,
  attempt smallint unsigned,
  intent_id varchar(80),
  refund_no smallint unsigned,
  refund_id varchar(80),
  refund_outcome varchar(16),
  received_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  waiting tinyint(1) DEFAULT 1,
  due_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  settled_at datetime(3),
  dispute_id varchar(80) CHARACTER SET ascii,
  PRIMARY KEY (event_id),
  KEY inbox_waiting (waiting, due_at)
);

CREATE TABLE lane_pauses (
  shard_id smallint unsigned NOT NULL,
  lane tinyint unsigned NOT NULL,
  actor varchar(80) NOT NULL,
  reason varchar(200) NOT NULL,
  paused_at datetime(3) NOT NULL,
  PRIMARY KEY (shard_id, lane)
);

CREATE TABLE message (
  message_id bigint unsigned NOT NULL AUTO_INCREMENT,
  message_key varchar(90) CHARACTER SET ascii NOT NULL,
  channel varchar(7) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  kind varchar(16) NOT NULL,
  show_id int unsigned,
  subject_id bigint unsigned,
  detail json NOT NULL,
  state varchar(7) NOT NULL DEFAULT 'WAITING',
  title varchar(300) NOT NULL DEFAULT '',
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  due_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3),
  tries smallint unsigned NOT NULL DEFAULT 0,
  ended_at datetime(3),
  error varchar(300),
  PRIMARY KEY (message_id),
  UNIQUE KEY message_logical (message_key, channel),
  KEY message_due (due_at, message_id),
  KEY message_fan (fan_id, message_id),
  KEY message_state (state, ended_at),
  CONSTRAINT message_channel CHECK (channel IN ('mail', 'gateway', 'webpush')),
  CONSTRAINT message_state CHECK (state IN ('WAITING', 'SENT', 'DROPPED', 'REFUSED', 'DEAD')),
  CONSTRAINT message_waiting CHECK ((state = 'WAITING') = (due_at IS NOT NULL))
);

CREATE TABLE movies (
  movie_id varchar(48) NOT NULL,
  kind varchar(8) NOT NULL,
  title varchar(200) NOT NULL,
  synopsis text NOT NULL,
  runtime_minutes smallint unsigned NOT NULL,
  certificate varchar(16) NOT NULL,
  languages json NOT NULL,
  genres json NOT NULL,
  rating decimal(3,1),
  cast_names json NOT NULL,
  poster varchar(500),
  trailer_url varchar(500),
  PRIMARY KEY (movie_id),
  CONSTRAINT movies_kind CHECK (kind IN ('film', 'event'))
);

CREATE TABLE movie_watch (
  movie_id varchar(48) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (movie_id, fan_id),
  KEY movie_watch_fan (fan_id),
  CONSTRAINT movie_watch_movie FOREIGN KEY (movie_id) REFERENCES movies (movie_id)
);

CREATE TABLE pass_claims (
  pass_id char(16) CHARACTER SET ascii NOT NULL,
  show_id int unsigned NOT NULL,
  idem_key varchar(64) CHARACTER SET ascii NOT NULL,
  busy tinyint(1) NOT NULL,
  requests smallint unsigned NOT NULL,
  claimed_at datetime(3) NOT NULL,
  PRIMARY KEY (pass_id),
  KEY pass_claims_age (claimed_at)
);

CREATE TABLE payment_close (
  day date NOT NULL,
  state varchar(7) NOT NULL,
  waiting tinyint(1),
  asked_by varchar(80) NOT NULL,
  asked_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  due_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  finished_at datetime(3),
  charges int unsigned NOT NULL DEFAULT 0,
  refunds int unsigned NOT NULL DEFAULT 0,
  differences int unsigned NOT NULL DEFAULT 0,
  totals json,
  error varchar(300),
  PRIMARY KEY (day),
  KEY payment_close_waiting (waiting, due_at),
  CONSTRAINT payment_close_open CHECK ((state = 'WAITING') = (waiting IS NOT NULL)),
  CONSTRAINT payment_close_state CHECK (state IN ('WAITING', 'DONE'))
);

CREATE TABLE payment_issue (
  issue_id bigint unsigned NOT NULL AUTO_INCREMENT,
  kind varchar(24) NOT NULL,
  object_id varchar(80) CHARACTER SET ascii NOT NULL,
  day date,
  show_id int unsigned,
  reservation_id bigint unsigned,
  ours int unsigned,
  theirs int unsigned,
  currency char(3),
  detail varchar(300) NOT NULL,
  found_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  seen_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  resolved_at datetime(3),
  resolved_by varchar(80),
  PRIMARY KEY (issue_id),
  UNIQUE KEY payment_issue_object (kind, object_id),
  KEY payment_issue_open (resolved_at, issue_id)
);

CREATE TABLE reminded (
  show_id int unsigned NOT NULL,
  starts_at datetime(3) NOT NULL,
  reminded_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (show_id, starts_at)
);

CREATE TABLE revoked (
  pass_id char(16) CHARACTER SET ascii NOT NULL,
  revoked_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at datetime(3) NOT NULL,
  PRIMARY KEY (pass_id),
  KEY revoked_expiry (expires_at),
  KEY revoked_recent (revoked_at)
);

CREATE TABLE room_exits (
  sale_id varchar(48) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  score bigint unsigned,
  state varchar(8) NOT NULL,
  left_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (sale_id, fan_id),
  CONSTRAINT room_exits_state CHECK (state IN ('LEFT', 'REVOKED'))
);

CREATE TABLE room_note (
  sale_id varchar(48) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  place int unsigned,
  mail tinyint(1) NOT NULL,
  push_sealed varbinary(2000),
  soon_at datetime(3),
  turn_at datetime(3),
  PRIMARY KEY (sale_id, fan_id),
  KEY room_note_due (sale_id, soon_at, place),
  KEY room_note_fan (fan_id)
);

CREATE TABLE room_witness (
  sale_id varchar(48) NOT NULL,
  tick_ms bigint unsigned NOT NULL,
  PRIMARY KEY (sale_id)
);

CREATE TABLE sales (
  sale_id varchar(48) NOT NULL,
  name varchar(150) NOT NULL,
  state varchar(8) NOT NULL,
  lobby varchar(8) NOT NULL,
  standing tinyint(1) NOT NULL,
  lobby_opens_at datetime(3),
  opens_at datetime(3) NOT NULL,
  rate_per_minute int unsigned NOT NULL,
  pass_cap int unsigned NOT NULL,
  pass_seconds int unsigned NOT NULL,
  seat_cap smallint unsigned NOT NULL,
  sale_cap smallint unsigned,
  hold_seconds int unsigned NOT NULL,
  hold_limit_seconds int unsigned NOT NULL,
  refund_until_hours smallint unsigned,
  refund_fee_percent decimal(5,2),
  message varchar(500) NOT NULL DEFAULT '',
  epoch int unsigned NOT NULL DEFAULT 1,
  seq_reserved bigint unsigned NOT NULL DEFAULT 0,
  seed_sealed varbinary(255) NOT NULL,
  seed_hash char(64) NOT NULL,
  version int unsigned NOT NULL DEFAULT 1,
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  orphan_rule varchar(7) NOT NULL DEFAULT 'off',
  price_rules varchar(2000),
  card_cap smallint unsigned,
  offer_seconds int unsigned,
  offers_stop_minutes int unsigned NOT NULL DEFAULT 15,
  draining tinyint(1) NOT NULL DEFAULT 0,
  no_show_percent tinyint unsigned NOT NULL DEFAULT 0,
  pow_difficulty int unsigned NOT NULL DEFAULT 0,
  priority_share tinyint unsigned NOT NULL DEFAULT 0,
  presale_until datetime(3),
  roster_digest char(64) CHARACTER SET ascii,
  roster_count int unsigned,
  roster_at datetime(3),
  booking_fee int unsigned NOT NULL DEFAULT 0,
  tax_rate_bp smallint unsigned NOT NULL DEFAULT 0,
  room_pruned_at datetime(3),
  payment_seconds int unsigned NOT NULL DEFAULT 120,
  PRIMARY KEY (sale_id),
  CONSTRAINT sales_lobby CHECK (lobby IN ('arrival', 'draw')),
  CONSTRAINT sales_orphan_rule CHECK (orphan_rule IN ('off', 'lenient', 'strict')),
  CONSTRAINT sales_state CHECK (state IN ('ACTIVE', 'PAUSED', 'CLOSED'))
);

CREATE TABLE sale_code (
  code_id int unsigned NOT NULL AUTO_INCREMENT,
  sale_id varchar(48) NOT NULL,
  code varchar(40) NOT NULL,
  kind varchar(13) NOT NULL,
  uses_max int unsigned NOT NULL,
  uses int unsigned NOT NULL DEFAULT 0,
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at datetime(3),
  PRIMARY KEY (code_id),
  UNIQUE KEY sale_code_text (sale_id, code),
  CONSTRAINT sale_code_kind CHECK (kind IN ('presale', 'staff', 'accessibility')),
  CONSTRAINT sale_code_uses CHECK (uses < = uses_max)
);

CREATE TABLE sale_code_use (
  sale_id varchar(48) NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  code_id int unsigned NOT NULL,
  used_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (sale_id, fan_id),
  KEY sale_code_use_code (code_id)
);

CREATE TABLE sale_releases (
  release_id bigint unsigned NOT NULL AUTO_INCREMENT,
  sale_id varchar(48) NOT NULL,
  zone varchar(40),
  seats int unsigned,
  due_at datetime(3) NOT NULL,
  actor varchar(80) NOT NULL,
  state varchar(9) NOT NULL,
  released int unsigned NOT NULL DEFAULT 0,
  made_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at datetime(3),
  PRIMARY KEY (release_id),
  KEY sale_releases_due (state, due_at),
  KEY sale_releases_sale (sale_id, due_at),
  CONSTRAINT sale_releases_state CHECK (state IN ('WAITING', 'DONE', 'CANCELLED'))
);

CREATE TABLE sale_roster (
  sale_id varchar(48) NOT NULL,
  page int unsigned NOT NULL,
  entries mediumblob NOT NULL,
  PRIMARY KEY (sale_id, page)
);

CREATE TABLE seats (
  hall_id varchar(48) NOT NULL,
  seat_no smallint unsigned NOT NULL,
  seat varchar(12) NOT NULL,
  row_label varchar(6) NOT NULL,
  row_no smallint unsigned NOT NULL,
  x smallint unsigned NOT NULL,
  zone varchar(40) NOT NULL,
  kind varchar(10) NOT NULL,
  PRIMARY KEY (hall_id, seat_no),
  UNIQUE KEY seats_label (hall_id, seat),
  CONSTRAINT seats_kind CHECK (kind IN ('standard', 'accessible', 'companion')),
  CONSTRAINT seats_hall FOREIGN KEY (hall_id) REFERENCES halls (hall_id)
);

CREATE TABLE shards (
  shard_id smallint unsigned NOT NULL,
  name varchar(80) NOT NULL,
  added_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  url_sealed varbinary(700),
  PRIMARY KEY (shard_id),
  UNIQUE KEY shards_name (name)
);

CREATE TABLE shows (
  show_id int unsigned NOT NULL AUTO_INCREMENT,
  show_key varchar(120) NOT NULL,
  sale_id varchar(48) NOT NULL,
  movie_id varchar(48) NOT NULL,
  hall_id varchar(48) NOT NULL,
  shard_id smallint unsigned NOT NULL,
  state varchar(9) NOT NULL,
  starts_at datetime(3) NOT NULL,
  currency char(3) NOT NULL,
  prices json NOT NULL,
  price_from int unsigned NOT NULL,
  seats_total smallint unsigned NOT NULL,
  seats_free smallint unsigned NOT NULL,
  seats_version int unsigned NOT NULL DEFAULT 0,
  version int unsigned NOT NULL DEFAULT 1,
  shard_version int unsigned NOT NULL DEFAULT 0,
  seats_held int unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (show_id),
  UNIQUE KEY shows_key (show_key),
  KEY shows_hall (hall_id, starts_at),
  KEY shows_movie (movie_id, starts_at),
  KEY shows_sale (sale_id),
  KEY shows_start (starts_at),
  CONSTRAINT shows_state CHECK (state IN ('PLANNED', 'ACTIVE', 'CANCELLED')),
  CONSTRAINT shows_hall FOREIGN KEY (hall_id) REFERENCES halls (hall_id),
  CONSTRAINT shows_movie FOREIGN KEY (movie_id) REFERENCES movies (movie_id),
  CONSTRAINT shows_sale FOREIGN KEY (sale_id) REFERENCES sales (sale_id)
);

CREATE TABLE show_moves (
  show_id int unsigned NOT NULL,
  from_shard smallint unsigned NOT NULL,
  to_shard smallint unsigned NOT NULL,
  state varchar(8) NOT NULL,
  even_selling tinyint(1) NOT NULL,
  actor varchar(80) NOT NULL,
  note varchar(300) NOT NULL DEFAULT '',
  planned_at datetime(3) NOT NULL,
  changed_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id),
  KEY show_moves_changed (changed_at),
  KEY show_moves_state (state, planned_at),
  CONSTRAINT show_moves_state CHECK (state IN ('PLANNED', 'COPYING', 'CLOSED', 'SWITCHED', 'OPENED', 'DONE'))
);

CREATE TABLE staff (
  staff_id char(12) CHARACTER SET ascii NOT NULL,
  name varchar(80) NOT NULL,
  role varchar(12) NOT NULL,
  password_hash varchar(120) NOT NULL,
  token_epoch int unsigned NOT NULL DEFAULT 1,
  state varchar(8) NOT NULL,
  guarded_at datetime(3),
  created_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (staff_id),
  UNIQUE KEY staff_name (name),
  KEY staff_guarded (guarded_at),
  CONSTRAINT staff_role CHECK (role IN ('box_office', 'ops', 'admin')),
  CONSTRAINT staff_state CHECK (state IN ('ACTIVE', 'REMOVED'))
);

CREATE TABLE till (
  till_id int unsigned NOT NULL AUTO_INCREMENT,
  staff_name varchar(80) NOT NULL,
  open_of varchar(80),
  currency char(3) NOT NULL,
  opening_amount int unsigned NOT NULL,
  opened_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  counted_amount int unsigned,
  closed_at datetime(3),
  PRIMARY KEY (till_id),
  UNIQUE KEY till_open (open_of),
  KEY till_opened (opened_at),
  CONSTRAINT till_closed CHECK ((closed_at IS NULL) = (open_of IS NOT NULL))
);

CREATE TABLE till_entry (
  till_id int unsigned NOT NULL,
  entry_key varchar(60) CHARACTER SET ascii NOT NULL,
  kind varchar(6) NOT NULL,
  show_id int unsigned NOT NULL,
  booking_id bigint unsigned NOT NULL,
  amount int unsigned NOT NULL,
  entered_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (entry_key),
  KEY till_entry_till (till_id, entered_at),
  CONSTRAINT till_entry_kind CHECK (kind IN ('sale', 'refund')),
  CONSTRAINT till_entry_till FOREIGN KEY (till_id) REFERENCES till (till_id)
);

-- Each shard

CREATE TABLE booking (
  show_id int unsigned NOT NULL,
  booking_id bigint unsigned NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  state varchar(9) NOT NULL,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  attempt smallint unsigned NOT NULL,
  created_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id, booking_id),
  CONSTRAINT booking_state CHECK (state IN ('CONFIRMED', 'CANCELLED'))
);

CREATE TABLE dispute (
  show_id int unsigned NOT NULL,
  reservation_id bigint unsigned NOT NULL,
  dispute_id varchar(80) CHARACTER SET ascii NOT NULL,
  attempt smallint unsigned NOT NULL,
  intent_id varchar(80) CHARACTER SET ascii NOT NULL,
  state varchar(4) NOT NULL,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  reason varchar(60) NOT NULL,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  check_at datetime(3),
  PRIMARY KEY (show_id, reservation_id, dispute_id),
  KEY dispute_check (check_at),
  CONSTRAINT dispute_state CHECK (state IN ('OPEN', 'WON', 'LOST'))
);

CREATE TABLE event_cursor (
  show_id int unsigned NOT NULL,
  follower varchar(8) CHARACTER SET ascii NOT NULL,
  lsn bigint unsigned NOT NULL,
  PRIMARY KEY (show_id, follower)
);

CREATE TABLE kept_seat (
  show_id int unsigned NOT NULL,
  seat_no smallint unsigned NOT NULL,
  kind varchar(5) NOT NULL,
  reason varchar(200) NOT NULL,
  author varchar(80) NOT NULL,
  kept_at datetime(3) NOT NULL,
  until_at datetime(3),
  PRIMARY KEY (show_id, seat_no),
  KEY kept_seat_until (until_at),
  CONSTRAINT kept_seat_end CHECK (kind = 'hold' OR until_at IS NULL),
  CONSTRAINT kept_seat_kind CHECK (kind IN ('block', 'hold'))
);

CREATE TABLE ledger (
  show_id int unsigned NOT NULL,
  lsn bigint unsigned NOT NULL,
  part tinyint unsigned NOT NULL,
  reservation_id bigint unsigned NOT NULL,
  at datetime(3) NOT NULL,
  debit varchar(10) NOT NULL,
  credit varchar(10) NOT NULL,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  PRIMARY KEY (show_id, lsn, part),
  KEY ledger_at (at),
  KEY ledger_reservation (show_id, reservation_id),
  CONSTRAINT ledger_credit_account CHECK (credit IN ('provider', 'till', 'sales', 'owed', 'discount', 'disputed', 'chargeback')),
  CONSTRAINT ledger_debit_account CHECK (debit IN ('provider', 'till', 'sales', 'owed', 'discount', 'disputed', 'chargeback')),
  CONSTRAINT ledger_moves CHECK (debit <> credit AND amount > 0)
);

CREATE TABLE outbox (
  show_id int unsigned NOT NULL,
  outbox_id bigint unsigned NOT NULL AUTO_INCREMENT,
  kind varchar(24) NOT NULL,
  subject_id bigint unsigned NOT NULL,
  payload json NOT NULL,
  created_at datetime(3) NOT NULL,
  due_at datetime(3),
  tries smallint unsigned NOT NULL DEFAULT 0,
  published_at datetime(3),
  error varchar(300),
  PRIMARY KEY (show_id, outbox_id),
  KEY outbox_due (due_at, outbox_id),
  KEY outbox_order (outbox_id)
);

CREATE TABLE payment (
  show_id int unsigned NOT NULL,
  reservation_id bigint unsigned NOT NULL,
  attempt smallint unsigned NOT NULL,
  idem_key varchar(64) CHARACTER SET ascii NOT NULL,
  payment_token varchar(120) CHARACTER SET ascii NOT NULL,
  state varchar(14) NOT NULL,
  open_attempt tinyint(1),
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  intent_id varchar(80) CHARACTER SET ascii,
  client_secret varchar(160) CHARACTER SET ascii,
  next_action_url varchar(1000),
  decline_code varchar(60),
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  check_at datetime(3),
  manual_capture tinyint(1) NOT NULL DEFAULT 0,
  method varchar(8) NOT NULL DEFAULT 'provider',
  taken_by varchar(80),
  received_amount int unsigned,
  received_currency char(3),
  PRIMARY KEY (show_id, reservation_id, attempt),
  UNIQUE KEY payment_idem (show_id, reservation_id, idem_key),
  UNIQUE KEY payment_open (show_id, reservation_id, open_attempt),
  KEY payment_check (check_at),
  CONSTRAINT payment_method CHECK (method IN ('provider', 'cash', 'card')),
  CONSTRAINT payment_open_state CHECK ((state IN ('CREATED', 'ACTION', 'PROCESSING')) = (open_attempt IS NOT NULL)),
  CONSTRAINT payment_state CHECK (state IN ('CREATED', 'ACTION', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SUCCEEDED_LATE', 'RETAKEN', 'REFUNDED'))
);

CREATE TABLE quota (
  show_id int unsigned NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  taken smallint unsigned NOT NULL,
  spent_pass char(16) CHARACTER SET ascii,
  PRIMARY KEY (show_id, fan_id)
);

CREATE TABLE refund (
  show_id int unsigned NOT NULL,
  reservation_id bigint unsigned NOT NULL,
  refund_no smallint unsigned NOT NULL,
  attempt smallint unsigned NOT NULL,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  reason varchar(40) NOT NULL,
  state varchar(9) NOT NULL,
  provider_id varchar(80) CHARACTER SET ascii,
  created_at datetime(3) NOT NULL,
  updated_at datetime(3) NOT NULL,
  check_at datetime(3),
  intent_id varchar(80) CHARACTER SET ascii,
  retry_of smallint unsigned,
  fail_code varchar(60),
  PRIMARY KEY (show_id, reservation_id, refund_no),
  KEY refund_check (check_at),
  KEY refund_state (state),
  CONSTRAINT refund_state CHECK (state IN ('CREATED', 'PENDING', 'SUCCEEDED', 'FAILED'))
);

CREATE TABLE request (
  show_id int unsigned NOT NULL,
  request_id bigint unsigned NOT NULL AUTO_INCREMENT,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  idem_key varchar(64) CHARACTER SET ascii NOT NULL,
  body_hash char(22) CHARACTER SET ascii NOT NULL,
  pass_id char(16) CHARACTER SET ascii NOT NULL,
  node char(8) CHARACTER SET ascii NOT NULL,
  wish varchar(400) NOT NULL,
  accepted_at datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  state varchar(9) NOT NULL DEFAULT 'ACCEPTED',
  reason varchar(24),
  detail varchar(1000),
  decided_at datetime(3),
  PRIMARY KEY (show_id, request_id),
  UNIQUE KEY request_idem (show_id, fan_id, idem_key),
  KEY request_order (request_id),
  CONSTRAINT request_decided CHECK ((state = 'ACCEPTED') = (decided_at IS NULL)),
  CONSTRAINT request_reason CHECK ((state = 'REFUSED') = (reason IS NOT NULL)),
  CONSTRAINT request_state CHECK (state IN ('ACCEPTED', 'GRANTED', 'REFUSED', 'WITHDRAWN', 'LAPSED'))
);

CREATE TABLE reservation (
  show_id int unsigned NOT NULL,
  reservation_id bigint unsigned NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  pass_id char(16) CHARACTER SET ascii NOT NULL,
  state varchar(8) NOT NULL,
  seats varchar(1000) NOT NULL,
  adjacent tinyint(1) NOT NULL,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  created_at datetime(3) NOT NULL,
  expires_at datetime(3) NOT NULL,
  limit_at datetime(3) NOT NULL,
  due_at datetime(3),
  ended_at datetime(3),
  offered tinyint(1) NOT NULL DEFAULT 0,
  grace_at datetime(3),
  fee int unsigned NOT NULL DEFAULT 0,
  tax_rate_bp smallint unsigned NOT NULL DEFAULT 0,
  discount int unsigned NOT NULL DEFAULT 0,
  discount_code varchar(24) CHARACTER SET ascii,
  PRIMARY KEY (show_id, reservation_id),
  UNIQUE KEY reservation_pass (show_id, pass_id),
  KEY reservation_due (show_id, due_at),
  CONSTRAINT reservation_due CHECK ((state IN ('HELD', 'PAYING')) = (due_at IS NOT NULL)),
  CONSTRAINT reservation_state CHECK (state IN ('HELD', 'PAYING', 'ENDING', 'BOOKED', 'EXPIRED', 'RELEASED'))
);

CREATE TABLE shard_identity (
  shard_id smallint unsigned NOT NULL,
  PRIMARY KEY (shard_id)
);

CREATE TABLE show_cancel (
  show_id int unsigned NOT NULL,
  state varchar(7) NOT NULL,
  open_job tinyint(1),
  reason varchar(300) NOT NULL,
  asked_by varchar(80) NOT NULL,
  asked_at datetime(3) NOT NULL,
  finished_at datetime(3),
  PRIMARY KEY (show_id),
  KEY show_cancel_open (open_job),
  CONSTRAINT show_cancel_open_state CHECK ((state = 'RUNNING') = (open_job IS NOT NULL)),
  CONSTRAINT show_cancel_state CHECK (state IN ('RUNNING', 'DONE'))
);

CREATE TABLE show_cancel_result (
  show_id int unsigned NOT NULL,
  booking_id bigint unsigned NOT NULL,
  seats smallint unsigned NOT NULL,
  refund_no smallint unsigned,
  amount int unsigned NOT NULL,
  currency char(3) NOT NULL,
  at datetime(3) NOT NULL,
  PRIMARY KEY (show_id, booking_id)
);

CREATE TABLE show_gate (
  show_id int unsigned NOT NULL,
  sale_id varchar(48) NOT NULL,
  state varchar(9) NOT NULL,
  opens_at datetime(3) NOT NULL,
  closes_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id),
  KEY show_gate_sale (sale_id),
  CONSTRAINT show_gate_state CHECK (state IN ('OPEN', 'PAUSED', 'CLOSED', 'MOVING', 'CANCELLED'))
);

CREATE TABLE show_head (
  show_id int unsigned NOT NULL,
  lane tinyint unsigned NOT NULL,
  version int unsigned NOT NULL DEFAULT 0,
  lsn bigint unsigned NOT NULL DEFAULT 0,
  floor_id bigint unsigned NOT NULL DEFAULT 0,
  starts_at datetime(3) NOT NULL,
  currency char(3) NOT NULL,
  seat_cap smallint unsigned NOT NULL,
  hold_seconds int unsigned NOT NULL,
  hold_limit_seconds int unsigned NOT NULL,
  orphan_rule varchar(7) NOT NULL DEFAULT 'off',
  capped tinyint(1) NOT NULL DEFAULT 0,
  price_rules varchar(2000),
  price_percent smallint unsigned NOT NULL DEFAULT 100,
  price_version int unsigned NOT NULL DEFAULT 0,
  counts_cards tinyint(1) NOT NULL DEFAULT 0,
  offer_seconds int unsigned NOT NULL DEFAULT 0,
  offers_stop_seconds int unsigned NOT NULL DEFAULT 0,
  waiting int unsigned NOT NULL DEFAULT 0,
  line_end bigint unsigned NOT NULL DEFAULT 0,
  free_refund_until datetime(3),
  chain char(43) CHARACTER SET ascii NOT NULL DEFAULT '',
  booking_fee int unsigned NOT NULL DEFAULT 0,
  tax_rate_bp smallint unsigned NOT NULL DEFAULT 0,
  payment_seconds int unsigned NOT NULL DEFAULT 120,
  PRIMARY KEY (show_id),
  KEY show_head_lane (lane, show_id),
  KEY show_head_starts (lane, starts_at),
  CONSTRAINT show_head_orphan_rule CHECK (orphan_rule IN ('off', 'lenient', 'strict'))
);

CREATE TABLE show_log (
  show_id int unsigned NOT NULL,
  lsn bigint unsigned NOT NULL,
  at datetime(3) NOT NULL,
  kind varchar(12) NOT NULL,
  subject_id bigint unsigned NOT NULL,
  detail varchar(1000) NOT NULL,
  chain char(43) CHARACTER SET ascii NOT NULL DEFAULT '',
  PRIMARY KEY (show_id, lsn)
);

CREATE TABLE show_seat (
  show_id int unsigned NOT NULL,
  seat_no smallint unsigned NOT NULL,
  seat varchar(12) NOT NULL,
  row_label varchar(6) NOT NULL,
  row_no smallint unsigned NOT NULL,
  x smallint unsigned NOT NULL,
  zone varchar(40) NOT NULL,
  kind varchar(10) NOT NULL,
  price int unsigned NOT NULL,
  state varchar(7) NOT NULL,
  reservation_id bigint unsigned,
  PRIMARY KEY (show_id, seat_no),
  UNIQUE KEY show_seat_label (show_id, seat),
  CONSTRAINT show_seat_owner CHECK ((state IN ('HELD', 'BOOKED')) = (reservation_id IS NOT NULL)),
  CONSTRAINT show_seat_state CHECK (state IN ('FREE', 'HELD', 'BOOKED', 'BLOCKED'))
);

CREATE TABLE ticket (
  show_id int unsigned NOT NULL,
  booking_id bigint unsigned NOT NULL,
  seat_no smallint unsigned NOT NULL,
  counter smallint unsigned NOT NULL,
  state varchar(5) NOT NULL,
  live_seat smallint unsigned,
  used_at datetime(3),
  used_gate varchar(40),
  used_scan varchar(40) CHARACTER SET ascii,
  PRIMARY KEY (show_id, booking_id, seat_no),
  UNIQUE KEY ticket_live_seat (show_id, live_seat),
  CONSTRAINT ticket_live CHECK ((state = 'VOID') = (live_seat IS NULL)),
  CONSTRAINT ticket_state CHECK (state IN ('VALID', 'USED', 'VOID'))
);

CREATE TABLE tranche (
  show_id int unsigned NOT NULL,
  release_id bigint unsigned NOT NULL,
  seats smallint unsigned NOT NULL,
  released_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id, release_id)
);

CREATE TABLE waitlist (
  show_id int unsigned NOT NULL,
  fan_id char(12) CHARACTER SET ascii NOT NULL,
  place bigint unsigned NOT NULL,
  state varchar(7) NOT NULL,
  quantity smallint unsigned NOT NULL,
  offered smallint unsigned NOT NULL DEFAULT 0,
  lapses smallint unsigned NOT NULL DEFAULT 0,
  zone varchar(40),
  step_free tinyint(1) NOT NULL DEFAULT 0,
  accept_fewer tinyint(1) NOT NULL DEFAULT 0,
  joined_at datetime(3) NOT NULL,
  PRIMARY KEY (show_id, fan_id),
  UNIQUE KEY waitlist_place (show_id, place),
  KEY waitlist_line (show_id, state, place),
  CONSTRAINT waitlist_offered CHECK ((state = 'OFFERED' <) = (offered > 0)),
  CONSTRAINT waitlist_state CHECK (state IN ('WAITING', 'OFFERED', 'SERVED', 'LEFT')),
  CONSTRAINT waitlist_wants CHECK ((state = 'WAITING') = (quantity > 0))
);
