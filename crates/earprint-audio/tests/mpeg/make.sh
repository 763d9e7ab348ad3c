#!/bin/sh
# Makes the files of this folder and reference.txt anew. Made with LAME 3.100, TwoLAME 0.4.0, FFmpeg 5.1.9, mpg123 1.31.2,
# Python 3.11. Usage: cd here && sh make.sh
set -e
T=$(mktemp -d)
F="ffmpeg -nostdin -v error -y"
chord="0.3*sin(440*2*PI*t)+0.2*sin(1250*2*PI*t*(1+t))+0.05*random(0)"
$F -f lavfi -i "aevalsrc=$chord:s=44100:d=0.3" -c:a pcm_s16le $T/mono.wav
$F -f lavfi -i "aevalsrc=$chord|0.4*sin(330*2*PI*t)+0.1*random(1):s=44100:d=0.15" -c:a pcm_s16le $T/stereo.wav
$F -f lavfi -i "aevalsrc='if(lt(t,0.1),0.8*random(0),0.1*sin(440*2*PI*t))':s=44100:d=0.6" -c:a pcm_s16le $T/loud-first.wav
for rate in 22050 11025; do $F -i $T/mono.wav -ar $rate $T/$rate.wav; done
L="lame --quiet"
$L -m m -b 64 $T/mono.wav cbr64.mp3
$L -m j -b 96 --resample 44.1 $T/stereo.wav joint96.mp3
$L -m m -V 5 -t $T/loud-first.wav vbr-no-header.mp3
$L -m m -b 64 $T/22050.wav mpeg2.mp3
$L -m m -b 64 $T/11025.wav mpeg25.mp3
$L -m m -p -b 56 $T/mono.wav crc56.mp3
$F -i $T/mono.wav -t 0.1 $T/short.wav
$L -m m --freeformat -b 330 $T/short.wav free330.mp3
twolame -b 96 $T/stereo.wav layer2.mp2 > /dev/null 2>&1
python3 layer1.py layer1.mp1
python3 reference.py *.mp? > reference.txt
rm -r $T
