internal import ImageData
internal import Networks

/// How Python uses a model, in Markdown: its images, then the network of torchvision or timm, then ONNX Runtime.
struct PythonUse {
    let network: NetworkName
    let description: ModelDescription

    var lines: [String] {
        let load = loading.map { library, code in
            ["", "With \(library) (`pip install \(library) safetensors`):", ""]
                + MarkdownText.code("python", code)
        }
        let missing = [
            "",
            "torchvision has no such network of base width \(description.baseWidth ?? 64); use ONNX instead.",
        ]
        return ["## Use", "", "Images are prepared as they were in evaluation:", ""]
            + MarkdownText.code("python", preparation) + (load ?? missing)
            + [
                "",
                "With ONNX Runtime (`pip install onnxruntime`), of the file that `ballast export --model RUN -o "
                    + "model.onnx` writes:", "",
            ] + MarkdownText.code("python", Self.runtime)
    }

    private var preparation: [String] {
        let size = description.imageSize.last ?? 0
        let mode = "transforms.InterpolationMode.\(interpolation.rawValue.uppercased())"
        let resizing: [String] =
            switch validation {
            case .none: []
            case .resize: ["    transforms.Resize((\(size), \(size)), \(mode)),"]
            case .resizeCenterCrop:
                [
                    "    transforms.Resize(\(largerSide(size)), \(mode)),",
                    "    transforms.CenterCrop(\(size)),",
                ]
            }
        let isTurned = description.appliesOrientation
        let open = "Image.open(\"picture.jpg\")"
        let image = isTurned ? "ImageOps.exif_transpose(\(open))" : open
        return [
            "from PIL import Image\(isTurned ? ", ImageOps" : "")", "from torchvision import transforms", "",
        ]
            + ["prepare = transforms.Compose(["] + resizing
            + [
                "    transforms.ToTensor(),",
                "    transforms.Normalize(\(description.mean), \(description.standardDeviation)),", "])",
                "images = prepare(\(image).convert(\"RGB\")).unsqueeze(0)",
            ]
    }

    private var validation: ValidationTransform {
        description.validationTransform.flatMap { ValidationTransform(rawValue: $0) }
            ?? ValidationTransform.none
    }

    private var interpolation: Interpolation {
        description.interpolation.flatMap { Interpolation(rawValue: $0) } ?? .bilinear
    }

    /// The library that has the network, and the code; nil where none has one of this width.
    private var loading: (library: String, code: [String])? {
        guard description.baseWidth ?? 64 == 64 else { return nil }
        let name = network.rawValue.replacing("-", with: "_")
        let count = description.classNames.count
        let origin = network.specification.namings[0].origin
        let (imports, make): (String, String) =
            switch origin {
            case .torchvision, .efficientNetLitePyTorch:
                ("from torchvision.models import \(name)", "\(name)(num_classes=\(count))")
            case .timm: ("import timm", "timm.create_model(\"tf_\(name)\", num_classes=\(count))")
            }
        let stem =
            description.stem == NetworkStem.small.rawValue
            ? [
                "model.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)",
                "model.maxpool = torch.nn.Identity()",
            ] : []
        let code =
            ["import json", "", "import torch", "from safetensors import safe_open"]
            + ["from safetensors.torch import load_file", imports, "", "model = \(make)"] + stem
            + [
                "model.load_state_dict(load_file(\"model.safetensors\"))", "model.eval()",
                "with safe_open(\"model.safetensors\", \"pt\") as file:",
                "    classes = json.loads(file.metadata()[\"ballast\"])[\"classNames\"]",
                "with torch.no_grad():",
                "    logits = model(images)", "print(classes[logits[0].argmax()])",
            ]
        return (origin.rawValue, code)
    }

    private static let runtime = [
        "import json", "", "import onnxruntime", "", "session = onnxruntime.InferenceSession(\"model.onnx\")",
        "classes = json.loads(session.get_modelmeta().custom_metadata_map[\"classes\"])",
        "logits = session.run([\"logits\"], {\"images\": images.numpy()})[0]",
        "print(classes[logits[0].argmax()])",
    ]
}
