-- How close the queue of a run came to the shortest time its workers could have taken: all measured, NULL where nothing was analysed.
ALTER TABLE run ADD COLUMN workers INTEGER;             -- threads of the queue
ALTER TABLE run ADD COLUMN makespan_seconds REAL;       -- from the start of the first input to the end of the last
ALTER TABLE run ADD COLUMN busy_seconds REAL;           -- summed over inputs
ALTER TABLE run ADD COLUMN longest_seconds REAL;        -- of one input

DROP VIEW runs;
CREATE VIEW runs AS
    -- Starts of the program, times as UTC. A run that is still going, or was killed, has no end and no counts.
    -- stages: JSON object: stage -> seconds, summed over threads. over_bound: the time of the queue over the shortest its workers
    -- could have taken for these inputs, the larger of their sum shared out evenly and of the longest; 1 at best.
SELECT id, state,
    strftime('%Y-%m-%dT%H:%M:%SZ', started_ms / 1000, 'unixepoch') AS started,
    strftime('%Y-%m-%dT%H:%M:%SZ', ended_ms / 1000, 'unixepoch') AS ended,
    files, analysed, known, failed, audio_seconds, wall_seconds, audio_seconds / wall_seconds AS times_real_time,
    workers, makespan_seconds / max(busy_seconds / workers, longest_seconds) AS over_bound,
    stages, options, tool_version
FROM run;
