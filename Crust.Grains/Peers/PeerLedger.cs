using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Grains.Peers;

/// <summary>The rules of one peer's record: whose it is, and that newer sequence numbers win. Pure; one thread at a time.</summary>
internal sealed class PeerLedger(PeerId self, NetworkId network)
{
    private byte[]? _signed;
    private DateTimeOffset _expiry;

    /// <summary>Sequence number of the stored record; 0 for none.</summary>
    internal ulong Sequence { get; private set; }

    /// <summary>True once it was told what storage holds.</summary>
    internal bool HasLoaded { get; private set; }

    /// <summary>Takes over what storage holds. A stored record that does not verify counts as none, but its sequence number still holds.</summary>
    internal void Load(PeerState state)
    {
        var isValid = PeerRecord.TryVerify(state.SignedRecord, network, out var record) && record!.Peer == self;
        _signed = isValid ? state.SignedRecord : null;
        _expiry = isValid ? record!.Expiry : default;
        Sequence = state.Sequence;
        HasLoaded = true;
    }

    /// <summary>Takes over what <see cref="Consider"/> accepted, and verified, and storage has now.</summary>
    internal void Confirm(PeerState accepted)
    {
        _ = PeerRecord.TryPeekTimes(accepted.SignedRecord, out var sequence, out var expiry);
        (_signed, Sequence, HasLoaded) = (accepted.SignedRecord, sequence, true);
        _expiry = DateTimeOffset.FromUnixTimeMilliseconds((long)expiry);
    }

    /// <summary>
    /// Judges an offered record. <see cref="RegisterResult.Accepted"/> means: store <paramref name="next"/>, then <see cref="Confirm"/> it. Changes nothing.
    /// </summary>
    internal RegisterResult Consider(byte[]? offered, DateTimeOffset now, out PeerState? next)
    {
        next = null;
        if (!PeerRecord.TryVerify(offered, network, out var record) || record!.Peer != self || !record.IsCurrent(now))
            return RegisterResult.Invalid;
        if (record.Sequence == Sequence && _signed is not null && _signed.AsSpan().SequenceEqual(offered))
            return RegisterResult.Unchanged;
        if (record.Sequence <= Sequence)
            return RegisterResult.Stale;
        next = new PeerState { SignedRecord = offered, Sequence = record.Sequence };
        return RegisterResult.Accepted;
    }

    /// <summary>The stored record while it has not expired.</summary>
    internal byte[]? Current(DateTimeOffset now) => now < _expiry ? _signed : null;
}
