#!/usr/bin/env bash
# Gives what Ballast writes for other programs to these programs: ONNX Runtime computes each family's exported network,
# for one image and for five, and TensorBoard reads the events of runs, of one that went on too.
#   Tests/run-export-checks.sh BUILD_DIR [PYTHON]
# PYTHON has onnx, onnxruntime and tensorboard; without one they are installed from PyPI into a folder that is removed.
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
ballast=${1:?usage: Tests/run-export-checks.sh BUILD_DIR [PYTHON]}/ballast
python=${2:-}
need_programs "$ballast"
allow_mpi
golden=$(CDPATH='' cd -- "$(dirname -- "$0")/Golden" && pwd) || exit
begin_suite Export
time_limit=300
packages_are_given=1
if [ -z "$python" ]; then
    packages_are_given=0
    python=/usr/bin/python3
    check "onnx, onnxruntime and tensorboard are installed" 0 "" "$python" -m pip --quiet --disable-pip-version-check \
        install --no-warn-script-location --target "$work/packages" onnx onnxruntime tensorboard
    export PYTHONPATH=$work/packages
fi

# MODEL.onnx DATA.safetensors PREDICTIONS.csv: the logits are those whose probabilities `ballast predict` wrote.
cat >"$work/check_onnx.py" <<'END'
import csv, json, struct, sys
import numpy, onnx, onnxruntime

model, data, predictions = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
with open(data, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    begin = file.tell()
    images = header["images"]
    file.seek(begin + images["data_offsets"][0])
    count = images["data_offsets"][1] - images["data_offsets"][0]
    images = numpy.frombuffer(file.read(count), "<f4").reshape(images["shape"])
with open(predictions, newline="") as file:
    rows = {int(row[0].rsplit(":", 1)[1]): row[2:] for row in list(csv.reader(file))[1:]}
expected = numpy.log(numpy.array([rows[number] for number in sorted(rows)], numpy.float64))
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
metadata = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
assert metadata["size"] == list(images.shape[2:]), metadata
assert len(metadata["classes"]) == expected.shape[1] and len(metadata["mean"]) == len(metadata["std"]) == 3
largest = 0
for first, last in [(0, 1), (3, 8)]:
    logits = session.run(["logits"], {"images": images[first:last]})[0].astype(numpy.float64)
    own = logits - numpy.log(numpy.exp(logits).sum(1, keepdims=True))
    largest = max(largest, numpy.abs(own - expected[first:last]).max())
assert largest <= 1e-4, largest
print(f"logits agree within {largest:.1e}")
END

# RUN: TensorBoard reads what metrics.jsonl says.
cat >"$work/check_events.py" <<'END'
import json, struct, sys
from tensorboard.backend.event_processing import plugin_event_accumulator

run = sys.argv[1]
events = plugin_event_accumulator.EventAccumulator(run)
events.Reload()
lines = [json.loads(line) for line in open(run + "/metrics.jsonl")]
def scalars(tag):
    return [(event.step, struct.unpack("<f", event.tensor_proto.tensor_content)[0]) for event in events.Tensors(tag)]
def logged(name, key, **rest):
    found = [line for line in lines if line["event"] == name and rest.items() <= line.items()]
    return [(line["step"], struct.unpack("<f", struct.pack("<f", line[key]))[0]) for line in found]
for tag, expected in [
    ("train/loss", logged("step", "loss")), ("learning-rate", logged("step", "learning-rate")),
    ("validation/accuracy", logged("evaluation", "accuracy", split="validation")),
]:
    assert expected and scalars(tag) == expected, (tag, scalars(tag), expected)
tags = events.Tags()["tensors"]
for tag in ["_hparams_/session_start_info", "_hparams_/session_end_info", "configuration", "finished/accuracy"]:
    assert tag in tags, tags
print(f"{len(tags)} tags of {len(lines)} lines")
END

cat >"$work/run.yaml" <<END
method: {name: fine-tune}
network: {name: resnet18}
data: {train: $golden/trajectory-data.safetensors, validation: $golden/trajectory-data.safetensors}
training: {epochs: 3, steps-per-epoch: 1, global-batch: 8, shuffle: false}
checkpoint: {every-steps: 1}
output: run
END

#   exported NETWORK SETTING…
exported() {
    local run=$work/$*
    run=${run// /_}
    check "$*: trained" 0 "" "$ballast" train --config "$work/run.yaml" --set "output=$run" "network.name=$1" \
        training.epochs=1 "${@:2}"
    check "$*: exported" 0 "^wrote .*, ONNX: images \[N, 3, " "$ballast" export --model "$run" -o "$run/../model.onnx"
    check "$*: predicted" 0 "" "$ballast" predict --model "$run" --data "$golden/trajectory-data.safetensors" \
        -o "$work/predictions.csv"
    check "$*: ONNX Runtime agrees" 0 "^logits agree" "$python" "$work/check_onnx.py" "$work/model.onnx" \
        "$golden/trajectory-data.safetensors" "$work/predictions.csv"
    rm -rf "$run"
}
exported resnet18 network.base-width=8
exported resnet18 network.base-width=8 network.stem=small
exported resnet34 network.base-width=4
exported resnet50 network.base-width=8
# Behind statistics of few batches the outputs of deep networks explode, and probabilities are 0 and 1.
settled=(training.steps-per-epoch=15 optimizer.learning-rate=0.0001)
exported resnet101 network.base-width=4 "${settled[@]}"
exported resnet152 network.base-width=4 "${settled[@]}"
exported resnext50-32x4d network.base-width=16 "${settled[@]}"
exported wide-resnet50-2 network.base-width=8
exported mobilenet-v2
for number in 0 1 2 3 4; do exported efficientnet-lite$number; done

check "a run that is killed in its third step" 137 "" env BALLAST_FAULTS=step=3,rank=0,point=forward,kind=sigkill \
    "$ballast" train --config "$work/run.yaml" --set "output=$work/run" network.base-width=4
check "the run goes on" 0 "" "$ballast" train --config "$work/run.yaml" --set "output=$work/run" network.base-width=4
same "each start has its file" "$(find "$work/run" -name 'events.out.tfevents.*' | wc -l)" 2
check "TensorBoard reads what the log says" 0 "^[0-9]* tags of" "$python" "$work/check_events.py" "$work/run"
expect_checks $((61 - packages_are_given))
end_suite
