internal import COneDNN

/// What a primitive does to its result before it is written.
enum PostOperation {
    /// Adds a tensor of this description, given as the argument `conednn_following_source(place)`.
    case addition(MemoryDescriptor)
    /// A rectified linear unit.
    case rectification(Activation)
}

/// A list of such operations, in order, as oneDNN wants it.
final class PostOperations {
    let handle: dnnl_post_ops_t?

    init(_ operations: [PostOperation]) {
        var created: dnnl_post_ops_t?
        Engine.check("dnnl_post_ops_create", dnnl_post_ops_create(&created))
        handle = created
        for operation in operations {
            switch operation {
            case .addition(let descriptor):
                Engine.check(
                    "dnnl_post_ops_append_binary",
                    dnnl_post_ops_append_binary(created, dnnl_binary_add, descriptor.pointer))
            case .rectification(.none): break
            case .rectification(.relu):
                Engine.check(
                    "dnnl_post_ops_append_eltwise",
                    dnnl_post_ops_append_eltwise(created, 1, dnnl_eltwise_relu, 0, 0))
            case .rectification(.relu6):
                let (floor, ceiling) = (Activation.relu6.floor, Activation.relu6.ceiling)
                Engine.check(
                    "dnnl_post_ops_append_eltwise",
                    dnnl_post_ops_append_eltwise(created, 1, dnnl_eltwise_clip, floor, ceiling))
            }
        }
    }

    deinit { dnnl_post_ops_destroy(handle) }
}
