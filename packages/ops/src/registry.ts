// All ops of this package, composed of the families' arrays. A third party composes its own the same way:
// createOpRegistry(standardOps, [defineOp("MyOp", ...)]).
