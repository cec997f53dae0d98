using Crust.Access.Driver;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// What a node lets in: the access list, its file, the limits, and which process of its identity it is. Closes links and ends sessions that a changed list no longer allows.
/// Thread safe.
/// </summary>
internal sealed class NodePolicy : IAsyncDisposable
{
    /// <summary>What a session that operators no longer allow is told. Their reason is for the audit.</summary>
    internal const string NotAllowedByOperators = "The operators of this network do not allow this peer.";

    private readonly PeerAccess _access;
    private readonly PeerAccess? _operators;
    private readonly ILogger _logger;
    private readonly AccessFileWatcher? _file;
    private Func<IReadOnlyList<SessionDriver>> _sessions = static () => [];

    /// <exception cref="IOException">The access file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The access file is wrong.</exception>
    internal NodePolicy(CrustNodeOptions options, MonotonicClock clock, ILogger logger)
    {
        _access = options.Access;
        _operators = options.OperatorAccess;
        _logger = logger;
        Span<byte> random = stackalloc byte[sizeof(ushort)];
        SecureRandom.Fill(random);
        Epoch = ProcessEpoch.Starting(clock.UnixMilliseconds, BitConverter.ToUInt16(random));
        Gate = new AdmissionGate(
            options.Admission.ToLimits(), options.MaxSessions, () => _access.Rules, options.Bootstrap.Select(b => b.Peer).ToHashSet(), clock, logger,
            _operators is null ? null : peer => _operators.Rules.Allows(peer));
        if (options.AccessFile is not { } path)
            return;
        _file = new AccessFileWatcher(path, _access.Replace, clock.TimeProvider, logger);
        _file.Load();
    }

    internal AdmissionGate Gate { get; }

    /// <summary>Which process of the identity this node is.</summary>
    internal ProcessEpoch Epoch { get; }

    /// <summary>From now on a changed list ends those of the sessions that it does not allow.</summary>
    internal void Start(Func<IReadOnlyList<SessionDriver>> sessions)
    {
        _sessions = sessions;
        _access.Changed += Enforce;
        if (_operators is not null)
            _operators.Changed += Enforce;
        _file?.Start();
    }

    public async ValueTask DisposeAsync()
    {
        _access.Changed -= Enforce;
        if (_operators is not null)
            _operators.Changed -= Enforce;
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
    }

    private void Enforce()
    {
        foreach (var session in _sessions())
        {
            if (Gate.TryKeep(session))
                continue;
            Log.SessionNotAllowed(_logger, session.Remote.ToShortString());
            // It ends at once; the task only tells when the goodbye has gone out, for which nobody waits here: the session winds itself up.
            _ = session.AbortAsync(GoodbyeCode.Denied, _operators?.Rules.Allows(session.Remote) == false ? NotAllowedByOperators : LinkAdopter.NotAllowed);
        }
    }
}
