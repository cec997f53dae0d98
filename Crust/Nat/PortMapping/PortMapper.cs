using Crust.Primitives;

namespace Crust.Nat.PortMapping;

/// <summary>
/// Keeps ports mapped on one router. It asks in all protocols side by side, for 3 s in all; the first that answers gets the ports, another one where it refuses.
/// Each mapping is looked at every 30 s and renewed at half its life; one that is gone, or a router that began anew, is asked again at once; one of which nothing
/// can be heard twice is given up, and the search begins again. So a mapping that dies is known within a minute. After each input drain the clients'
/// transmissions and requests. Pure; one thread at a time.
/// </summary>
/// <param name="clients">Those to ask, the preferred first. The mapper alone gives them orders.</param>
/// <param name="ports">The ports to map, at most <see cref="MaxPorts"/>.</param>
internal sealed class PortMapper(IReadOnlyList<MappingClient> clients, IReadOnlyList<PortRequest> ports)
{
    /// <summary>Most ports of one mapper. Ours: a node has one for each transport.</summary>
    internal const int MaxPorts = 4;

    /// <summary>How long mappings are asked for. Ours: long enough for routers that write each change to flash, short enough that a crash leaves nothing for long.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(20);

    /// <summary>The search for a router, with the first mappings.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Between two looks at a mapping; with two silent ones, a mapping's death is known after 41 s.</summary>
    internal static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(30);

    /// <summary>Deleting everything at the end.</summary>
    internal static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private const int MaxSilences = 2;

    private static readonly TimeSpan SilentCheck = TimeSpan.FromSeconds(5), FirstRetry = TimeSpan.FromMinutes(1), LastRetry = TimeSpan.FromMinutes(30);

    private readonly MappingSlot[] _slots = [.. ports.Take(MaxPorts).Select(p => new MappingSlot(p))];
    private readonly List<MappingClient> _found = [];
    private readonly Dictionary<MappingMethod, MappingAnswer> _findings = [];
    private Instant? _searchEnds, _retryAt, _stopEnds;
    private TimeSpan _retry = FirstRetry;
    private bool _isChanged, _isOver;

    internal IReadOnlyList<MappingClient> Clients => clients;

    internal MapperState State =>
        _stopEnds is not null ? MapperState.Stopped
        : _slots.Any(s => s.Held is not null) ? MapperState.Mapped
        : _searchEnds is not null ? MapperState.Searching
        : _found.Count > 0 ? MapperState.Refused : MapperState.NoRouter;

    /// <summary>The mappings that the router is believed to keep.</summary>
    internal IReadOnlyList<MappedPort> Mappings => [.. _slots.Select(s => s.Held).OfType<MappedPort>()];

    /// <summary>What each protocol came to last: for people.</summary>
    internal IReadOnlyDictionary<MappingMethod, MappingAnswer> Findings => _findings;

    /// <summary>True once everything is deleted, or the time for that is over.</summary>
    internal bool IsStopped(Instant now) => _stopEnds is { } end && (now >= end || clients.All(c => c.IsIdle));

    /// <summary>Begins the search.</summary>
    internal void Start(Instant now)
    {
        if (_stopEnds is not null)
            return;
        _found.Clear();
        _findings.Clear();
        _retryAt = null;
        _searchEnds = now + Patience;
        foreach (var slot in _slots)
        {
            slot.IsBusy = false;
            slot.Refusers.Clear();
        }

        foreach (var client in clients)
        {
            client.Clear();
            client.Handle(new MappingOrder(MappingOrderKind.Probe), now);
        }

        _isChanged = true;
    }

    /// <summary>Begins to delete every mapping, those included that were asked for and not answered.</summary>
    internal void Stop(Instant now)
    {
        if (_stopEnds is not null)
            return;
        _stopEnds = now + StopPatience;
        foreach (var client in clients)
            client.Clear();
        foreach (var slot in _slots.Where(s => s.By is not null && (s.Held is not null || s.IsBusy)))
            slot.By!.Handle(new MappingOrder(MappingOrderKind.Delete, slot.Port, slot.LastExternalPort), now);
        foreach (var slot in _slots)
            slot.Held = null;
    }

    /// <summary>Takes what the clients came to; to be called after each input to one of them.</summary>
    internal void HandleAnswers(Instant now)
    {
        foreach (var client in clients)
        {
            while (client.PollAnswer(out var answer))
                Handle(client, answer, now);
        }
    }

    /// <summary>Time passed.</summary>
    internal void HandleTimeout(Instant now)
    {
        foreach (var client in clients)
            client.HandleTimeout(now);
        HandleAnswers(now);
        if (_stopEnds is { } stop)
        {
            if (now >= stop && !_isOver)
                EndStop();
            return;
        }

        if (_searchEnds is { } end && now >= end)
            EndSearch(now);
        if (_retryAt is { } retry && now >= retry)
            Start(now);
        foreach (var slot in _slots.Where(s => s is { Held: not null, IsBusy: false }))
        {
            if (slot.RenewAt is { } renew && now >= renew)
                Order(slot, slot.By!, MappingOrderKind.Map, now);
            else if (slot.CheckAt is { } check && now >= check)
                Order(slot, slot.By!, MappingOrderKind.Check, now);
        }
    }

    /// <summary>When <see cref="HandleTimeout"/> is due; null: never.</summary>
    internal Instant? PollTimeout()
    {
        var due = _isOver ? null : _stopEnds;
        foreach (var client in clients)
            due = Instant.Earlier(due, client.PollTimeout());
        if (_stopEnds is not null)
            return due;
        due = Instant.Earlier(due, Instant.Earlier(_searchEnds, _retryAt));
        foreach (var slot in _slots.Where(s => s is { Held: not null, IsBusy: false }))
            due = Instant.Earlier(due, Instant.Earlier(slot.RenewAt, slot.CheckAt));
        return due;
    }

    /// <summary>True once after each change of <see cref="State"/> or <see cref="Mappings"/>.</summary>
    internal bool PollChange()
    {
        var isChanged = _isChanged;
        _isChanged = false;
        return isChanged;
    }

    private void Handle(MappingClient client, MappingAnswer answer, Instant now)
    {
        if (answer.Kind != MappingAnswerKind.Restarted)
            _findings[client.Method] = answer;
        if (_stopEnds is not null)
            return;
        switch (answer.Kind)
        {
            case MappingAnswerKind.Found:
                _found.Add(client);
                foreach (var idle in _slots.Where(s => s is { Held: null, IsBusy: false }))
                    Assign(idle, now);
                break;
            case MappingAnswerKind.Absent:
                if (_searchEnds is not null && _slots.All(s => !s.IsBusy) && clients.All(c => c.IsIdle))
                    EndSearch(now);
                break;
            case MappingAnswerKind.Restarted:
                foreach (var slot in _slots.Where(s => s.Held is not null && s.By == client && !s.IsBusy))
                    Order(slot, client, MappingOrderKind.Map, now);
                break;
            default:
                if (Array.Find(_slots, s => s.Port == answer.Order!.Port && s.By == client) is { } asked)
                    Handle(asked, answer, now);
                break;
        }
    }

    private void Handle(MappingSlot slot, MappingAnswer answer, Instant now)
    {
        slot.IsBusy = false;
        switch (answer.Kind)
        {
            case MappingAnswerKind.Mapped:
                Hold(slot, new MappedPort(slot.Port, answer.External!, slot.By!.Method, answer.Lifetime), answer.IsLook, now);
                break;
            case MappingAnswerKind.Gone:
                Lose(slot);
                Order(slot, slot.By!, MappingOrderKind.Map, now);
                break;
            case MappingAnswerKind.Silent when slot.Held is not null && ++slot.Silences < MaxSilences:
                slot.CheckAt = now + SilentCheck;
                break;
            case MappingAnswerKind.Silent when slot.Held is not null:
                // Perhaps another router, or the same with another protocol.
                Lose(slot);
                Start(now);
                break;
            case MappingAnswerKind.Refused or MappingAnswerKind.Silent:
                Lose(slot);
                slot.Refusers.Add(slot.By!);
                _retry = answer.RetryAfter > _retry ? Min(answer.RetryAfter, LastRetry) : _retry;
                Assign(slot, now);
                break;
            default:
                break;
        }
    }

    private void Hold(MappingSlot slot, MappedPort mapping, bool isLook, Instant now)
    {
        var halfLife = mapping.Lifetime is { } life ? now + life / 2 : (Instant?)null;
        _isChanged |= slot.Held is not { } held || !held.External.Equals(mapping.External) || held.Method != mapping.Method;
        slot.Held = mapping;
        slot.LastExternalPort = (ushort)mapping.External.Port;
        slot.Silences = 0;
        slot.CheckAt = now + CheckInterval;
        // What is left of a life is halved once, not at each look.
        slot.RenewAt = isLook && halfLife is not null ? Instant.Earlier(slot.RenewAt, halfLife) : halfLife;
        _retry = FirstRetry;
        if (_slots.All(s => s.Held is not null))
            _searchEnds = null;
    }

    private void Lose(MappingSlot slot)
    {
        _isChanged |= slot.Held is not null;
        slot.Held = null;
    }

    /// <summary>Gives the slot to the best client that has not refused it. Without one, the search goes on, or there will be another.</summary>
    private void Assign(MappingSlot slot, Instant now)
    {
        if (clients.FirstOrDefault(c => _found.Contains(c) && !slot.Refusers.Contains(c)) is { } client)
            Order(slot, client, MappingOrderKind.Map, now);
        else if (_searchEnds is null || clients.All(c => c.IsIdle))
            EndSearch(now);
    }

    private static void Order(MappingSlot slot, MappingClient client, MappingOrderKind kind, Instant now)
    {
        slot.By = client;
        slot.IsBusy = true;
        client.Handle(new MappingOrder(kind, slot.Port, slot.LastExternalPort, (uint)Lifetime.TotalSeconds), now);
    }

    private void EndSearch(Instant now)
    {
        _isChanged |= _searchEnds is not null;
        _searchEnds = null;
        if (_retryAt is not null || _slots.All(s => s.Held is not null || s.IsBusy))
            return;
        // What is mapped stays mapped meanwhile: a new search asks for it again.
        _retryAt = now + _retry;
        _retry = Min(_retry * 2, LastRetry);
    }

    /// <summary>The time to delete is over: what was not answered is not waited for.</summary>
    private void EndStop()
    {
        _isOver = true;
        foreach (var client in clients)
            client.Clear();
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
