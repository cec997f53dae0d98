namespace Crust.Utp.Sending;

/// <summary>
/// How long datagrams may be on this path (RFC 8899): begins with a length that passes nearly everywhere, asks for the longest of Ethernet, then halves the rest; between Crust peers where that passes it
/// asks for one jumbo length more, and for nothing in between. It asks with packets that carry ordinary payload and filler, so a probe that is lost costs nothing but itself.
/// </summary>
internal struct PathMtuSearch
{
    /// <summary>RFC 8899 §5.1.2, BASE_PLPMTU.</summary>
    internal const int BaseLength = 1200;

    /// <summary>
    /// RFC 8899 §5.1.2, MIN_PLPMTU: what every IPv4 host takes (RFC 791: 576 bytes, less 20 of IP and 8 of UDP). Nothing that says less is believed, and ICMP can be forged.
    /// </summary>
    internal const int MinLength = 548;

    /// <summary>RFC 8899 §5.1.2, MAX_PROBES: so many losses of one length mean that it is too long.</summary>
    private const int MaxProbes = 3;

    /// <summary>RFC 8899 §5.1.1, PMTU_RAISE_TIMER: 10 minutes.</summary>
    private const long RaiseMicroseconds = 600_000_000;

    /// <summary>Ours: a search ends when what is left to win is less.</summary>
    private const int SmallestStep = 16;

    private readonly int _maxLength;
    private int _jumboLength;
    private int _tooLong;
    private int _failures;
    private long _raiseMicroseconds;

    internal PathMtuSearch(int maxLength)
    {
        _maxLength = maxLength;
        Length = Math.Min(BaseLength, maxLength);
        _tooLong = maxLength + 1;
    }

    /// <summary>Asks for a longer datagram as well, once the longest of the others has passed; 0 changes nothing.</summary>
    internal void AllowJumbo(int length)
    {
        if (length <= _maxLength)
            return;
        _jumboLength = length;
        _tooLong = Math.Max(_tooLong, length + 1);
    }

    /// <summary>The longest datagram known to pass.</summary>
    internal int Length { get; private set; }

    /// <summary>Length of the probe under way; 0 without any.</summary>
    internal int ProbeLength { get; private set; }

    /// <summary>The length that should be asked for now; 0 when there is nothing to ask.</summary>
    internal int WantedProbe(long nowMicroseconds)
    {
        if (ProbeLength > 0)
            return 0;
        if (IsDone)
        {
            if (Length == Longest || nowMicroseconds < _raiseMicroseconds)
                return 0;
            _tooLong = Longest + 1;
        }

        // The first question is the longest: on most paths it is the only one.
        return Length >= _maxLength ? _jumboLength : _tooLong > _maxLength ? _maxLength : (Length + _tooLong) / 2;
    }

    internal void ProbeSent(int length) => ProbeLength = length;

    internal void ProbeDelivered(long nowMicroseconds)
    {
        Length = Math.Max(Length, ProbeLength);
        ProbeLength = 0;
        _failures = 0;
        Finish(nowMicroseconds);
    }

    internal void ProbeLost(long nowMicroseconds)
    {
        if (ProbeLength == 0)
            return;
        if (++_failures >= MaxProbes)
            Exclude(ProbeLength, nowMicroseconds);
        ProbeLength = 0;
    }

    /// <summary>The kernel or a black hole says that this length does not pass.</summary>
    internal void Exclude(int length, long nowMicroseconds)
    {
        length = Math.Max(length, Math.Min(MinLength, _maxLength) + 1);
        _failures = 0;
        if (ProbeLength >= length)
            ProbeLength = 0;
        _tooLong = Math.Min(_tooLong, length);
        if (Length >= _tooLong)
            Length = _tooLong > BaseLength ? BaseLength : Math.Min(MinLength, _maxLength);
        Finish(nowMicroseconds);
    }

    private readonly int Longest => Math.Max(_maxLength, _jumboLength);

    /// <summary>Nothing is left to ask: the longest passes, or what does not is close by; and a jumbo that does not pass leaves nothing above the others.</summary>
    private readonly bool IsDone => Length == Longest || _tooLong - Length <= SmallestStep || (Length >= _maxLength && _tooLong <= _jumboLength);

    private void Finish(long nowMicroseconds)
    {
        if (IsDone)
            _raiseMicroseconds = nowMicroseconds + RaiseMicroseconds;
    }
}
