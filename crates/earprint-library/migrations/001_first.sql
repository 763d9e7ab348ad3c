-- Version 1. The comments inside the statements stay in the file: `.schema` shows them.
-- Times are milliseconds since 1970 UTC. A number that is unknown is NULL. Booleans are 0 or 1.

CREATE TABLE run (
    -- One start of the program over some inputs.
    id INTEGER PRIMARY KEY,
    started_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,            -- its last sign of life: start, commit or end
    ended_ms INTEGER,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted')),
    tool_version TEXT NOT NULL,
    options TEXT NOT NULL,               -- JSON object
    files INTEGER,                       -- inputs
    analysed INTEGER,                    -- of them with new numbers
    known INTEGER,                       -- of them with numbers from earlier
    failed INTEGER,                      -- of them without numbers
    audio_seconds REAL,                  -- length of what was analysed
    wall_seconds REAL,                   -- measured
    stages TEXT                          -- JSON object: stage -> seconds measured, summed over threads
) STRICT;

CREATE TABLE track (
    -- One piece of audio, wherever its copies lie.
    id INTEGER PRIMARY KEY,
    audio_id TEXT UNIQUE,                -- hash of the encoded packets; NULL: no identity beyond its one file
    codec TEXT,
    sample_rate INTEGER,                 -- the source's own, Hz
    channels INTEGER,
    duration REAL,                       -- seconds
    first_seen_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE file (
    -- One path, and what the last look at it found.
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,           -- as is where it is plain text; else 'bytes:' and %XX for bytes, %uXXXX for UTF-16
    bytes INTEGER NOT NULL,
    modified_ns INTEGER,                 -- nanoseconds since 1970 UTC; NULL where the system does not say
    track_id INTEGER REFERENCES track (id),
    status TEXT NOT NULL CHECK (status IN ('ok', 'partial', 'skipped', 'error')),
    seen_run INTEGER REFERENCES run (id),
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)), -- 0: new, may be a move of a file that is gone
    moved_from TEXT,                     -- its path before the last move
    note TEXT                            -- why a move was not decided
) STRICT;

CREATE INDEX file_of_track ON file (track_id);
CREATE INDEX file_unsettled ON file (track_id) WHERE settled = 0;

CREATE TABLE record (
    -- The numbers of one track under one version of their definition.
    track_id INTEGER NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    schema TEXT NOT NULL,                -- 'trk-1'
    status TEXT NOT NULL CHECK (status IN ('ok', 'partial')),
    code TEXT,
    detail TEXT,
    decoder TEXT,
    backend TEXT,
    tool_version TEXT NOT NULL,
    made_run INTEGER REFERENCES run (id),
    sub_bass REAL, bass REAL, low_mid REAL, mid REAL, upper_mid REAL, presence REAL, air REAL,
    loudness REAL, crest REAL, bass_mid_ratio REAL,
    tempo REAL, rhythm_stability REAL, onset_rate REAL, silence_ratio REAL,
    centroid REAL, rolloff REAL, flatness REAL,
    harmonic_ratio REAL, pitch_stability REAL, chroma_concentration REAL,
    crest_variation REAL, loudness_variation REAL, peak_consistency REAL,
    stereo_width REAL, phase_correlation REAL,
    why_null TEXT,                       -- JSON object: name -> reason; NULL where every number is known
    PRIMARY KEY (track_id, schema)
) STRICT;

CREATE TABLE wide (
    -- The wider table of a record, apart so that a list of the 25 numbers need not read past it.
    track_id INTEGER NOT NULL,
    schema TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (track_id, schema),
    FOREIGN KEY (track_id, schema) REFERENCES record (track_id, schema) ON DELETE CASCADE
) STRICT;

CREATE TABLE failure (
    -- A file without numbers, and why. Deleted once it has some, or once the file has changed.
    file_id INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    schema TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('skipped', 'error')),
    code TEXT NOT NULL,                  -- stable
    detail TEXT NOT NULL,                -- in words
    run INTEGER REFERENCES run (id),     -- the last that tried
    when_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (file_id, schema)
) STRICT;

CREATE TABLE scale (
    -- 5th and 95th percentile of every dimension over the tracks of the collection.
    schema TEXT NOT NULL,
    position INTEGER NOT NULL,           -- 0 to 24
    dimension TEXT NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    tracks INTEGER NOT NULL,             -- tracks it was made from
    run INTEGER REFERENCES run (id),     -- the last run before it was made
    PRIMARY KEY (schema, position)
) STRICT;

CREATE TABLE setting (
    -- Words the program keeps for itself.
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE VIEW tracks AS
    -- Files that exist and have numbers: one row for each file and each version (schema) of the numbers. Copies share a
    -- track_id. Numbers in the units of their definition; NULL: unknown, and why_null (JSON object: name -> reason) says why.
    -- duration: seconds; bytes: size of the file.
SELECT f.path, t.audio_id, r.schema, r.status, r.code, r.detail, t.duration, t.sample_rate, t.channels, t.codec,
    r.sub_bass, r.bass, r.low_mid, r.mid, r.upper_mid, r.presence, r.air,
    r.loudness, r.crest, r.bass_mid_ratio,
    r.tempo, r.rhythm_stability, r.onset_rate, r.silence_ratio,
    r.centroid, r.rolloff, r.flatness,
    r.harmonic_ratio, r.pitch_stability, r.chroma_concentration,
    r.crest_variation, r.loudness_variation, r.peak_consistency,
    r.stereo_width, r.phase_correlation,
    r.why_null, r.decoder, r.backend, r.tool_version, f.bytes, f.id AS file_id, t.id AS track_id
FROM file f JOIN track t ON t.id = f.track_id JOIN record r ON r.track_id = t.id
WHERE f.gone = 0;

CREATE VIEW failures AS
    -- Files that exist and have no numbers under a version (schema) that was tried. status: skipped on purpose, or error; code
    -- is stable, detail in words; "when": the last of the attempts, UTC.
SELECT f.path, x.schema, x.status, x.code, x.detail, x.attempts,
    strftime('%Y-%m-%dT%H:%M:%SZ', x.when_ms / 1000, 'unixepoch') AS "when", x.run, f.bytes, f.id AS file_id
FROM failure x JOIN file f ON f.id = x.file_id
WHERE f.gone = 0;

CREATE VIEW runs AS
    -- Starts of the program, times as UTC. A run that is still going, or was killed, has no end and no counts.
    -- stages: JSON object: stage -> seconds, summed over threads.
SELECT id, state,
    strftime('%Y-%m-%dT%H:%M:%SZ', started_ms / 1000, 'unixepoch') AS started,
    strftime('%Y-%m-%dT%H:%M:%SZ', ended_ms / 1000, 'unixepoch') AS ended,
    files, analysed, known, failed, audio_seconds, wall_seconds, audio_seconds / wall_seconds AS times_real_time,
    stages, options, tool_version
FROM run;

CREATE VIEW duplicates AS
    -- Files that hold the same audio (the same encoded packets, whatever the tags) as another existing file. copies: how many
    -- files hold it, this one included.
SELECT t.audio_id, f.path, f.bytes,
    (SELECT count(*) FROM file o WHERE o.track_id = t.id AND o.gone = 0) AS copies
FROM file f JOIN track t ON t.id = f.track_id
WHERE f.gone = 0 AND EXISTS (SELECT 1 FROM file o WHERE o.track_id = t.id AND o.gone = 0 AND o.id <> f.id);
