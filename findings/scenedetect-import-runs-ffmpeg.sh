#!/usr/bin/env bash
# scenedetect 0.7.2: `import scenedetect` starts the ffmpeg program, before anything is asked of it.
#
# A guess from memory: importing the library starts nothing; ffmpeg is needed only to split a film. Seen on 29 November
# 2026: with a stand-in for ffmpeg first on the PATH that writes down how it is called, the import alone calls it once (`ffmpeg -v quiet`).
# A program that imports it at its start pays for that process each time, and whatever is called ffmpeg on the PATH is
# run. Import it inside the function that needs it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "scenedetect==0.7.2" "opencv-python-headless==4.12.0.88"
mkdir "$work/bin"
cat > "$work/bin/ffmpeg" <<'SH'
#!/bin/sh
echo "ffmpeg $*" >> "$CALLS"
SH
chmod +x "$work/bin/ffmpeg"
CALLS="$work/calls" PATH="$work/bin:$PATH" "$work/venv/bin/python" -c 'import scenedetect; print("scenedetect", scenedetect.__version__)'
touch "$work/calls"
echo "calls of ffmpeg by the import alone:"
cat "$work/calls"
count=$(wc -l < "$work/calls")
test "$count" -eq 1 || { echo "this has changed: $count calls, there was 1" >&2; exit 1; }
