//! Who may do what in a room: one table. Everything that a role allows is asked here, by the machine before
//! it changes anything and by readers before they show anything.

use madang_storage::row::{Feature, Life, MemberRow, MemberState, Right, Role, RoomKind, RoomRow};

use super::Place;
use crate::command::Refusal;

/// Something that not everybody in a room may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// What the room itself gives to a role.
    Use(Right),
    /// Put out, ban, mute, and take that back. Only towards lesser roles.
    KeepOrder,
    /// See who is banned.
    SeeBans,
    /// See and revoke other people's links.
    KeepLinks,
    /// Give lesser roles than one's own, to people with lesser roles.
    GiveRole,
    /// Switch features, set rights, slow mode and places.
    Configure,
    /// Make the room read only, and take that back.
    Archive,
    /// Delete the room.
    Delete,
}

impl Deed {
    /// The least role that may do it.
    pub fn least(self, head: &RoomRow) -> Role {
        match self {
            Self::Use(right) => head.rights.least(right),
            Self::KeepOrder | Self::SeeBans => Role::Moderator,
            Self::KeepLinks | Self::GiveRole | Self::Configure | Self::Archive => Role::Admin,
            Self::Delete => Role::Owner,
        }
    }

    /// Whether it can also be done in an archived room: keeping order goes on there, talk and change do not.
    pub fn is_done_in_archives(self) -> bool {
        match self {
            Self::Use(Right::DeleteOthers)
            | Self::KeepOrder
            | Self::SeeBans
            | Self::KeepLinks
            | Self::GiveRole
            | Self::Archive
            | Self::Delete => true,
            Self::Use(_) | Self::Configure => false,
        }
    }
}

/// Whether `member` may do it, archived room or not.
pub fn allows(head: &RoomRow, member: &MemberRow, deed: Deed) -> bool {
    member.state == MemberState::Joined && member.role >= deed.least(head)
}

/// How people are kept in order is the business of those from this role on: they are free of slow mode.
pub(super) const STAFF: Role = Role::Moderator;

impl Place<'_> {
    /// Refuses who may not do it. Errors: `NotMember`, `Forbidden`, `Archived`.
    pub(super) fn may(&self, deed: Deed) -> Result<(), Refusal> {
        if !allows(&self.head, self.joined()?, deed) {
            return Err(Refusal::Forbidden);
        }
        if deed.is_done_in_archives() { Ok(()) } else { self.live() }
    }

    /// Refuses who may not take part in the talk now, by whatever shows to others: an edit, a reaction. Errors:
    /// as [`Place::may`], `Muted`.
    pub(super) fn may_take_part(&self) -> Result<(), Refusal> {
        self.may(Deed::Use(Right::Send))?;
        let me = self.joined()?;
        if me.muted.holds(self.now_ms) {
            return Err(Refusal::Muted { retry_after_ms: me.muted.left_ms(self.now_ms) });
        }
        Ok(())
    }

    /// Refuses who may not say something new now. Errors: as [`Place::may_take_part`], `SlowMode`.
    pub(super) fn may_speak(&self) -> Result<(), Refusal> {
        self.may_take_part()?;
        let me = self.joined()?;
        let next_ms = me.last_send_ms.saturating_add(u64::from(self.head.slow_mode_s) * 1000);
        if me.role < STAFF && next_ms > self.now_ms {
            return Err(Refusal::SlowMode { retry_after_ms: next_ms - self.now_ms });
        }
        Ok(())
    }

    /// Refuses towards somebody of the same or a greater role.
    pub(super) fn outranks(&self, other: &MemberRow) -> Result<(), Refusal> {
        if self.joined()?.role > other.role { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Refuses in the archive.
    pub(super) fn live(&self) -> Result<(), Refusal> {
        if self.head.life == Life::Live { Ok(()) } else { Err(Refusal::Archived) }
    }

    /// Refuses where the room does without it.
    pub(super) fn has(&self, feature: Feature) -> Result<(), Refusal> {
        if self.head.features.has(feature) { Ok(()) } else { Err(Refusal::FeatureOff) }
    }

    /// Refuses in direct rooms, whose people never change.
    pub(super) fn not_direct(&self) -> Result<(), Refusal> {
        if self.head.kind == RoomKind::Direct { Err(Refusal::DirectRoom) } else { Ok(()) }
    }
}
