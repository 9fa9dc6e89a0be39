/// The classes and functions that stand for something here; all others are opaque.
///
/// None is called: each case says what its arguments mean.
enum PickleCallable {
    case orderedDictionary
    case defaultDictionary
    case set
    case list
    case tuple
    /// Text in Latin-1 to bytes: how protocol 2 writes them.
    case encode
    /// `(storage, offset, sizes, strides, …)` to a tensor; `dtypePlace` is the argument that names the element type of
    /// a storage of bytes.
    case tensor(dtypePlace: Int?)
    /// `(tensor, …)` to the tensor.
    case parameter
    /// `(function, type, arguments, state)` to what the function makes of the arguments.
    case tensorOfType
    /// `(class, …)` to an object of the class: how protocols 0 and 1 make objects.
    case reconstructor

    init?(_ name: String) {
        switch name {
        case "collections.OrderedDict": self = .orderedDictionary
        case "collections.defaultdict": self = .defaultDictionary
        case "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset": self = .set
        case "builtins.list", "__builtin__.list": self = .list
        case "builtins.tuple", "__builtin__.tuple", "torch.Size": self = .tuple
        case "_codecs.encode": self = .encode
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
            self = .tensor(dtypePlace: nil)
        case "torch._utils._rebuild_tensor_v3": self = .tensor(dtypePlace: 6)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            self = .parameter
        case "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type",
            "torch.tensor._rebuild_from_type":
            self = .tensorOfType
        case "copyreg._reconstructor", "copy_reg._reconstructor": self = .reconstructor
        default: return nil
        }
    }
}

extension SafetensorsElementType {
    /// The type of the elements of a class of storages, such as `torch.FloatStorage`.
    init?(storageClass name: String) {
        switch name {
        case "torch.FloatStorage": self = .float32
        case "torch.DoubleStorage": self = .float64
        case "torch.HalfStorage": self = .float16
        case "torch.BFloat16Storage": self = .bfloat16
        case "torch.LongStorage": self = .signed64
        case "torch.IntStorage": self = .signed32
        case "torch.ShortStorage": self = .signed16
        case "torch.CharStorage": self = .signed8
        case "torch.ByteStorage": self = .unsigned8
        case "torch.BoolStorage": self = .boolean
        default: return nil
        }
    }

    /// The type that a `dtype` names, such as `torch.float32`.
    init?(dtype name: String) {
        switch name {
        case "torch.float32": self = .float32
        case "torch.float64": self = .float64
        case "torch.float16": self = .float16
        case "torch.bfloat16": self = .bfloat16
        case "torch.int64": self = .signed64
        case "torch.int32": self = .signed32
        case "torch.int16": self = .signed16
        case "torch.int8": self = .signed8
        case "torch.uint8": self = .unsigned8
        case "torch.uint16": self = .unsigned16
        case "torch.uint32": self = .unsigned32
        case "torch.uint64": self = .unsigned64
        case "torch.bool": self = .boolean
        case "torch.float8_e4m3fn": self = .float8E4M3
        case "torch.float8_e5m2": self = .float8E5M2
        case "torch.float8_e4m3fnuz": self = .float8E4M3FNUZ
        case "torch.float8_e5m2fnuz": self = .float8E5M2FNUZ
        case "torch.float8_e8m0fnu": self = .float8E8M0
        default: return nil
        }
    }
}
