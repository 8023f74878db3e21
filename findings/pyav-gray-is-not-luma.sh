#!/usr/bin/env bash
# PyAV 18.1.0: `frame.to_ndarray(format="gray")` is not the luma plane of a video frame.
#
# A guess from memory: grey is luma, so the values are those of the Y plane. Seen on 29 November 2026, on frames of
# yuv420p in video range (16 to 235) with an even luma: the values are stretched to full range on the way.
#
#     luma as coded   16   60  126  180  235
#     "gray"           0   51  128  191  255
#
# So black reads 0 and not 16, and a threshold made for coded values is wrong by up to 20 levels. The plane itself is
# `np.frombuffer(frame.planes[0], np.uint8)`, whose rows may be padded to `line_size`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.3.5"
"$work/venv/bin/python" - <<'PY'
import av
import numpy as np

levels = [16, 60, 126, 180, 235]
seen = []
for level in levels:
    planes = np.concatenate([np.full(64 * 36, level, np.uint8), np.full(64 * 36 // 2, 128, np.uint8)])
    frame = av.VideoFrame.from_ndarray(planes.reshape(-1, 64), "yuv420p")
    frame.color_range = 1  # video range
    plane = np.frombuffer(frame.planes[0], np.uint8).reshape(36, frame.planes[0].line_size)[:, :64]
    assert (plane == level).all(), "the plane itself is as coded"
    seen.append(int(np.median(frame.to_ndarray(format="gray"))))
print("av", av.__version__)
print("luma as coded", levels)
print('"gray"       ', seen)
assert seen == [0, 51, 128, 191, 255], "this has changed"
PY
