#!/bin/sh
# The sounds of this folder: four seconds of our own rendered clips in other codecs, rates and widths, small enough to keep.
# Made with ffmpeg 5.1 (LAME, libvorbis, its own AAC and MP2). Not needed to run the tests.
cd "$(dirname "$0")" || exit 1
clips=../../../tests/golden/outside/track/clips
make() { ffmpeg -y -loglevel error -i "$clips/$1" -map_metadata -1 -fflags +bitexact -flags:a +bitexact -t "$2" $4 "$3"; }
make song-c-major.flac 4 song.mp3 '-b:a 128k'
make drums-96.flac 4 drums-48000.mp3 '-ac 1 -ar 48000 -b:a 64k'
make chords-a-minor.flac 4 chords.ogg '-c:a libvorbis -q:a 3'
make song-c-major.flac 4 song.m4a '-c:a aac -b:a 96k'
make scale-d-mono.flac 4 scale.aac '-ac 1 -c:a aac -b:a 48k'
make scale-d-mono.flac 4 scale-22050-alac.m4a '-ar 22050 -c:a alac'
make drums-150-mono.flac 4 drums-8000.aiff '-ar 8000'
make vibrato-330-mono.flac 3 vibrato-16000.caf '-ar 16000'
make noise-wide.flac 0.3 noise-48000-24.wav '-ar 48000 -c:a pcm_s24le'
make chords-a-minor.flac 1 chords-11025-float.wav '-ar 11025 -c:a pcm_f32le'
make song-c-major.flac 4 song.mp2 '-ac 1 -b:a 64k'
