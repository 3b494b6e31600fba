//! What can happen to a cluster, as plain data.

/// One thing that happens. Nodes are counted from 0; in text from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something that happens to one node.
    Node(Kind, usize),
    /// What one node sends to another gets lost; the other way it still gets there.
    CutOneWay {
        /// Who sends.
        from: usize,
        /// Who does not hear it.
        to: usize,
    },
    /// Something that happens to all nodes at once.
    All(Kind),
}

/// What kind of thing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `kill -9`; the repair is a start.
    Kill,
    /// `kill -9` of all nodes at once.
    KillAll,
    /// SIGSTOP; the repair is SIGCONT.
    Pause,
    /// What was not synced is lost, with the process.
    PowerCut,
    /// The same for all nodes at once.
    PowerCutAll,
    /// One direction of one link.
    CutOneWay,
    /// All links of a node to other nodes, both ways.
    Isolate,
    /// The same, on and off.
    Flap,
    /// The node's link is slow.
    SlowLink,
    /// Every fsync fails; the node is to end by itself, the repair is a start.
    FailFsync,
    /// Every fsync takes long.
    SlowFsync,
    /// No room on the disk; the node is to end by itself, the repair is room and a start.
    FillDisk,
    /// `kill -9`, and half a record at the end of the log.
    TearTail,
    /// `kill -9`, and a flipped bit in the log; if the node refuses to start, it is wiped.
    FlipBit,
    /// `kill -9`, and all data thrown away; it comes back at its old address.
    Wipe,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Kill,
        Self::KillAll,
        Self::Pause,
        Self::PowerCut,
        Self::PowerCutAll,
        Self::CutOneWay,
        Self::Isolate,
        Self::Flap,
        Self::SlowLink,
        Self::FailFsync,
        Self::SlowFsync,
        Self::FillDisk,
        Self::TearTail,
        Self::FlipBit,
        Self::Wipe,
    ];

    /// Whether it destroys a copy of data for good. A majority survives one of these, not two.
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::FlipBit | Self::Wipe)
    }

    /// Whether it happens to the network.
    pub fn needs_network(self) -> bool {
        matches!(self, Self::CutOneWay | Self::Isolate | Self::Flap | Self::SlowLink)
    }

    /// Whether it needs disks that belong to the nodes alone.
    pub fn needs_disks(self) -> bool {
        matches!(self, Self::PowerCut | Self::PowerCutAll | Self::FillDisk)
    }

    /// Whether it tampers with system calls.
    pub fn needs_strace(self) -> bool {
        matches!(self, Self::FailFsync | Self::SlowFsync)
    }

    /// Whether it happens to all nodes at once.
    pub fn is_for_all(self) -> bool {
        matches!(self, Self::KillAll | Self::PowerCutAll)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillAll => "kill-all",
            Self::Pause => "pause",
            Self::PowerCut => "power-cut",
            Self::PowerCutAll => "power-cut-all",
            Self::CutOneWay => "cut",
            Self::Isolate => "isolate",
            Self::Flap => "flap",
            Self::SlowLink => "slow-link",
            Self::FailFsync => "fail-fsync",
            Self::SlowFsync => "slow-fsync",
            Self::FillDisk => "fill-disk",
            Self::TearTail => "tear-tail",
            Self::FlipBit => "flip-bit",
            Self::Wipe => "wipe",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Fault {
    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Node(kind, _) | Self::All(kind) => *kind,
            Self::CutOneWay { .. } => Kind::CutOneWay,
        }
    }

    /// Whether it happens to this node.
    pub fn touches(&self, node: usize) -> bool {
        match self {
            Self::Node(_, touched) => *touched == node,
            Self::CutOneWay { from, to } => *from == node || *to == node,
            Self::All(_) => true,
        }
    }

    /// Reads what [`std::fmt::Display`] wrote.
    pub(super) fn read(words: &[&str]) -> Option<Self> {
        let (name, rest) = words.split_first()?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == *name)?;
        match rest {
            [] if kind.is_for_all() => Some(Self::All(kind)),
            [from, "to", to] if kind == Kind::CutOneWay => {
                Some(Self::CutOneWay { from: read_node(from)?, to: read_node(to)? })
            }
            [node] if !kind.is_for_all() && kind != Kind::CutOneWay => {
                Some(Self::Node(kind, read_node(node)?))
            }
            _ => None,
        }
    }
}

fn read_node(word: &str) -> Option<usize> {
    word.parse::<usize>().ok()?.checked_sub(1)
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Node(kind, node) => write!(f, "{} {}", kind.name(), node + 1),
            Self::CutOneWay { from, to } => write!(f, "cut {} to {}", from + 1, to + 1),
            Self::All(kind) => f.write_str(kind.name()),
        }
    }
}
