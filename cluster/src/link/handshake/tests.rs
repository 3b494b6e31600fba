//! Golden bytes of the frames, and decoders that take anything.
