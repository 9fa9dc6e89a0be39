/// The operations of pickles, protocols 0 to 5, but for `.`, which ends them.
enum PickleOperation: UInt8 {
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case duplicate = 0x32

    case floatText = 0x46
    case integerText = 0x49
    case integer4 = 0x4A
    case integer1 = 0x4B
    case longText = 0x4C
    case integer2 = 0x4D
    case none = 0x4E
    case float8 = 0x47
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8A
    case long4 = 0x8B

    case stringText = 0x53
    case string4 = 0x54
    case string1 = 0x55
    case unicodeText = 0x56
    case unicode4 = 0x58
    case unicode1 = 0x8C
    case unicode8 = 0x8D
    case bytes4 = 0x42
    case bytes1 = 0x43
    case bytes8 = 0x8E
    case byteArray8 = 0x96

    case emptyList = 0x5D
    case emptyTuple = 0x29
    case emptyDictionary = 0x7D
    case emptySet = 0x8F
    case list = 0x6C
    case tuple = 0x74
    case dictionary = 0x64
    case frozenSet = 0x91
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case append = 0x61
    case appends = 0x65
    case addItems = 0x90
    case setItem = 0x73
    case setItems = 0x75

    case get = 0x67
    case binaryGet = 0x68
    case longBinaryGet = 0x6A
    case put = 0x70
    case binaryPut = 0x71
    case longBinaryPut = 0x72
    case memoize = 0x94

    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case instance = 0x69
    case object = 0x6F
    case new = 0x81
    case newWithKeywords = 0x92
    case persistentText = 0x50
    case persistent = 0x51

    case protocolVersion = 0x80
    case frame = 0x95
    case extension1 = 0x82
    case extension2 = 0x83
    case extension4 = 0x84
    case nextBuffer = 0x97
    case readOnlyBuffer = 0x98
}
