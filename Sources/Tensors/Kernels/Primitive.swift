internal import COneDNN
internal import Hosts
internal import Synchronization

/// One operation of oneDNN, compiled for fixed shapes and layouts, and ready to run any number of times.
final class Primitive: @unchecked Sendable {
    /// What a primitive reads or writes at one of oneDNN's argument positions.
    struct Argument {
        let position: Int32
        let tensor: Tensor
        /// Set where oneDNN names other extents than the tensor does, as for the weights of groups.
        var descriptor: MemoryDescriptor?

        init(_ position: Int32, _ tensor: Tensor, _ descriptor: MemoryDescriptor? = nil) {
            self.position = position
            self.tensor = tensor
            self.descriptor = descriptor
        }
    }

    /// The choice of an implementation, before code is generated for it.
    final class Description {
        let handle: dnnl_primitive_desc_t

        init(taking handle: dnnl_primitive_desc_t) { self.handle = handle }

        /// Nil where oneDNN has no implementation for these layouts.
        init?(
            _ operation: UnsafeRawPointer, hint: Description? = nil,
            followedBy following: [PostOperation] = []
        ) {
            var attributes: dnnl_primitive_attr_t?
            Engine.check("dnnl_primitive_attr_create", dnnl_primitive_attr_create(&attributes))
            defer { dnnl_primitive_attr_destroy(attributes) }
            Engine.check(
                "dnnl_primitive_attr_set_scratchpad_mode",
                dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user))
            // Copied into the attributes, so the list may go afterwards.
            let operations = PostOperations(following)
            Engine.check(
                "dnnl_primitive_attr_set_post_ops",
                dnnl_primitive_attr_set_post_ops(attributes, operations.handle))
            var created: dnnl_primitive_desc_t?
            let status = dnnl_primitive_desc_create(
                &created, operation, attributes, Engine.shared.engine, hint?.handle)
            guard status == dnnl_success, let created else { return nil }
            handle = created
        }

        deinit { dnnl_primitive_desc_destroy(handle) }

        /// Name of the implementation, for example `jit:avx512_core`.
        var implementation: String {
            var name: UnsafePointer<CChar>?
            _ = withUnsafeMutablePointer(to: &name) { pointer in
                dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, pointer)
            }
            return name.map { String(cString: $0) } ?? "unknown"
        }

        /// Whether it is the slow implementation that oneDNN keeps as a last resort.
        var isReference: Bool { implementation.hasPrefix("ref") || implementation.hasPrefix("simple") }

        /// The descriptor of one of the arguments.
        func descriptor(_ what: dnnl_query_t) -> MemoryDescriptor {
            guard let found = dnnl_primitive_desc_query_md(handle, what, 0) else {
                fatalError("oneDNN names no descriptor for query \(what.rawValue)")
            }
            return MemoryDescriptor(copying: found.pointee)
        }

        /// Floats of working memory that the implementation needs.
        var scratchpadCount: Int {
            guard let found = dnnl_primitive_desc_query_md(handle, dnnl_query_scratchpad_md, 0) else {
                return 0
            }
            return (dnnl_memory_desc_get_size(found) + 3) / MemoryLayout<Float>.stride
        }
    }

    private let handle: dnnl_primitive_t
    private let scratchpad: MemoryDescriptor?
    private let scratchpadCount: Int

    init(_ description: Description) {
        var created: dnnl_primitive_t?
        Engine.check("dnnl_primitive_create", dnnl_primitive_create(&created, description.handle))
        guard let created else { fatalError("oneDNN made no primitive for \(description.implementation)") }
        handle = created
        scratchpadCount = description.scratchpadCount
        scratchpad = scratchpadCount > 0 ? description.descriptor(dnnl_query_scratchpad_md) : nil
    }

    deinit { dnnl_primitive_destroy(handle) }

    /// Runs the primitive to its end.
    func run(_ arguments: [Argument]) {
        let working = scratchpad.map { _ in Storage(count: scratchpadCount) }
        var memories: [dnnl_exec_arg_t] = []
        memories.reserveCapacity(arguments.count + 1)
        for argument in arguments {
            let descriptor =
                argument.descriptor
                ?? .of(argument.tensor.shape, argument.tensor.layout, argument.tensor.elementType)
            memories.append(Self.memory(argument.position, descriptor, argument.tensor.memory))
        }
        if let scratchpad, let working {
            memories.append(Self.memory(DNNL_ARG_SCRATCHPAD, scratchpad, working.memory))
        }
        let stream = Engine.shared.stream
        Engine.check(
            "dnnl_primitive_execute",
            dnnl_primitive_execute(handle, stream, Int32(memories.count), memories))
        Engine.check("dnnl_stream_wait", dnnl_stream_wait(stream))
        WorkProgress.note()
        for memory in memories { dnnl_memory_destroy(memory.memory) }
        withExtendedLifetime((arguments, working)) {}
    }

    private static func memory(
        _ position: Int32, _ descriptor: MemoryDescriptor, _ pointer: UnsafeMutableRawPointer
    ) -> dnnl_exec_arg_t {
        var memory: dnnl_memory_t?
        Engine.check(
            "dnnl_memory_create",
            dnnl_memory_create(&memory, descriptor.pointer, Engine.shared.engine, pointer))
        return dnnl_exec_arg_t(arg: position, memory: memory)
    }
}

/// A primitive that is compiled when it first runs: evaluation needs no backward pass.
final class LazyPrimitive: @unchecked Sendable {
    private let description: Primitive.Description
    private let primitive = Mutex<Primitive?>(nil)

    init(_ description: Primitive.Description) { self.description = description }

    /// Runs the primitive to its end.
    func run(_ arguments: [Primitive.Argument]) {
        let ready = primitive.withLock { primitive in
            let ready = primitive ?? Primitive(description)
            primitive = ready
            return ready
        }
        ready.run(arguments)
    }
}
