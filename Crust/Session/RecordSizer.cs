using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// How large the next record may be. Small records first, so that the receiver can open what one segment brought; large ones once bulk
/// flows, where the cost per record counts. Pure.
/// </summary>
internal sealed class RecordSizer
{
    /// <summary>Fits one segment of an ordinary path, with header and tag.</summary>
    internal const int SmallBytes = 1360;

    /// <summary>After <see cref="SmallUntil"/> bytes.</summary>
    internal const int MediumBytes = 16 * 1024 - 64;

    /// <summary>After <see cref="MediumUntil"/> bytes: the longest record with room for header and tag.</summary>
    internal const int LargeBytes = 64 * 1024 - 64;

    private const int SmallUntil = 64 * 1024;
    private const int MediumUntil = 512 * 1024;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private long _bytesSinceIdle;
    private Instant _last;

    /// <summary>Plaintext bytes that the next record may have.</summary>
    internal int NextBytes(Instant now)
    {
        if (now - _last > Idle)
            _bytesSinceIdle = 0;
        return _bytesSinceIdle switch
        {
            < SmallUntil => SmallBytes,
            < MediumUntil => MediumBytes,
            _ => LargeBytes,
        };
    }

    internal void Sent(int bytes, Instant now)
    {
        _bytesSinceIdle += bytes;
        _last = now;
    }
}
