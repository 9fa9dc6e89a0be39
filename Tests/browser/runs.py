"""Writes folders of runs, of which Tests/run-report-checks.sh makes pages: FOLDER/whole, FOLDER/few, FOLDER/seed-0 …
FOLDER/seed-2, FOLDER/killed and FOLDER/comparison. Names in them want to be markup, and are long."""
import json
import math
import os
import random
import sys

# A JPEG of 12 by 8 pixels.
THUMBNAIL = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm"
    "x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAIAAwD"
    "ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAaEAEAAQUAAAAAAAAAAAAAAAAABQIDIjFh/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQP/"
    "xAAZEQADAAMAAAAAAAAAAAAAAAAAAgMEETH/2gAMAwEAAhEDEQA/AJrMfxZTH46BN6sGLZ9dP//Z"
)
HOSTILE = ["<script>alert(1)</script>", "\" onload=\"alert(1)", "a" * 150, "\u202eright to left", "カメラ", "]]>"]


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def configuration(folder, method, seed):
    write(folder, "config.yaml", (
        "# ballast 0.1.0\n# hosts: one, two\n# ranks: 2\n# threads: 1\n# weights-sha256: " + "0f" * 32 + "\n"
        f"method:\n  name: {method}\nnetwork:\n  name: resnet18\n  weights: /a/very/long/path/" + "deep/" * 40
        + "weights.safetensors\ndata:\n  validation-transform: resize-center-crop\ntraining:\n  epochs: 3\n"
        f"  seed: {seed}\noutput: {folder}\n"))


def log(folder, steps, seed, shift=0.0, ends=True):
    chance, lines = random.Random(seed), []
    for step in range(1, steps + 1):
        loss = 2 * math.exp(-3 * step / steps) + 0.2 * chance.random() + shift
        lines.append({
            "event": "step", "step": step, "epoch": (step - 1) * 3 // steps, "loss": None if step == 7 else loss + 0.3,
            "classification-loss": loss, "penalty": 0.3, "accuracy": min(1, 1 - loss / 3), "learning-rate": 0.01,
            "images-per-second": 20 + chance.random(),
            "seconds": {"data": 0.01, "forward": 0.2, "backward": 0.4, "communication": 0.1, "optimizer": 0.01}})
        if step % (steps // 6) == 0:
            lines += [
                {"event": "evaluation", "split": "validation", "step": step, "accuracy": 0.9 - loss / 5,
                 "mean-class-accuracy": 0.8 - loss / 5, "loss": loss + 0.1, "count": 300},
                {"event": "distances", "step": step, "layers": [
                    {"name": f"layer{n // 4}.{n % 4}.conv1.weight", "distance": chance.random() * step / steps,
                     "relative": chance.random() / 10} for n in range(20)]},
                {"event": "spectrum", "step": step,
                 "singular-values": [40 * math.exp(-n / 3) for n in range(24)]}]
    if ends:
        lines += [
            {"event": "evaluation", "split": "test", "step": steps, "accuracy": 0.85, "mean-class-accuracy": 0.84,
             "loss": 0.5, "count": 1000},
            {"event": "finished", "best-step": steps // 2, "best-by": "accuracy", "best-value": 0.88, "accuracy": 0.85,
             "seconds": 754}]
    write(folder, "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def record(folder, classes, method="delta"):
    chance, count = random.Random(1), len(classes)
    points = [[chance.gauss(label % count, 1), chance.gauss(label % 3, 1), label % count] for label in range(400)]
    taps = [{"tap": f"layer{n}.1.conv2", "weights": [math.exp(-k / (8 + n)) / 10 for k in range(64)], "pictures": [
        {"picture": p, "heat": [[chance.random() for _ in range(7)] for _ in range(7)]} for p in range(4)]}
        for n in range(1, 5)]
    write(folder, "report.json", json.dumps({
        "split": "test", "samples": 1000, "classes": classes, "method": method,
        "confusion": [[t, p, 80 if t == p else chance.randint(1, 9)] for t in range(count) for p in range(count)
                      if t == p or chance.random() < 0.3],
        "calibration": [{"low": n / 10, "high": (n + 1) / 10, "count": 10 + n * n, "confidence": n / 10 + 0.05,
                         "accuracy": max(0, n / 10 - 0.03)} for n in range(10)],
        "expected-calibration-error": 0.08,
        "pictures": [{"sample": f"test/{'very-long-folder/' * 6}{n}.png", "label": n % count,
                      "prediction": (n + 1) % count, "probability": 0.99 - n / 100, "label-probability": n / 200,
                      "thumbnail": None if n == 5 else THUMBNAIL} for n in range(40)],
        "worst": list(range(12)), "best": [12, 13],
        "confused": [{"truth": n, "prediction": n + 1, "count": 9 - n, "pictures": [n, n + 20]} for n in range(4)],
        "suspect-labels": [20, 21, 22], "features": points, "attention": taps,
        "queues": {"features": points[:100], "projections": points[100:200]}}))
    write(folder, "model.json", json.dumps({
        "ballast-version": "0.1.0", "format-version": 1, "method": method, "step": 90, "model-sha256": "ab" * 32,
        "metrics": {"test": {"accuracy": 0.85, "mean-class-accuracy": 0.84, "loss": 0.5, "count": 1000},
                    "validation": {"accuracy": 0.88, "mean-class-accuracy": 0.87, "loss": 0.4, "count": 300}},
        "model": {"network": "resnet18", "class-names": classes}}))


def run(folder, method, seed, classes=None, **options):
    configuration(folder, method, seed)
    log(folder, 180, seed, **options)
    if classes:
        record(folder, classes, method)


def comparison(folder):
    rows = [{"method": "fine-tune", "setting": "", "status": "baseline", "seeds": 3, "test_mean": 0.8, "test_sd": 0.01,
             "val_mean": 0.81, "verdict": "the others are compared with it", "epochs": 3, "seconds": 100,
             "trained_parameters": 11000000, "peak_memory": 2000000000}]
    for n, name in enumerate(["linear-probe", "l2-sp", "delta", "bss", HOSTILE[0]]):
        rows.append({**rows[0], "method": name, "setting": "method.trade-off=0.1", "status": "compared",
                     "delta": n / 100 - 0.01, "ci_low": n / 100 - 0.03, "ci_high": n / 100 + 0.01, "p": 0.2,
                     "p_holm": 0.4, "seed_share": 0.4, "detectable": 0.03,
                     "verdict": "no difference beyond chance; plausible -1.0 to 2.0; detectable from 3.0; add seeds"})
    write(folder, "compare.json", json.dumps({
        "format": 1, "baseline": "fine-tune", "margin": 0.005, "all-pairs": False, "comparisons": 5,
        "seeds": [0, 1, 2], "selection-seeds": [], "test-pictures": 396, "test-groups": 396, "methods": rows,
        "pairs": [], "runs": [], "warnings": ["3 seeds are few: intervals are wide"]}))
    for method, shift in [("fine-tune", 0.0), ("bss", 0.2)]:
        for seed in range(3):
            run(f"{folder}/runs/{method}/seed-{seed}", method, seed, shift=shift)


if __name__ == "__main__":
    root = sys.argv[1]
    run(f"{root}/whole", "delta", 0, HOSTILE + [f"class-{n}" for n in range(30)])
    run(f"{root}/few", "delta", 0, HOSTILE)
    for number in range(3):
        run(f"{root}/seed-{number}", "bss", number, ["a", "b", "c", "d", "e", "f"])
    run(f"{root}/killed", "l2-sp", 0, shift=0.3, ends=False)
    comparison(f"{root}/comparison")
