using System.Net;
using Crust.Primitives;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// What the two clients of an internet gateway device share: the search, the description, and actions over HTTP, one at a time. Besides datagrams it asks for HTTP
/// exchanges by <see cref="PollRequest"/> and takes what came of them by <see cref="HandleResponse"/>. Only the router itself is believed and asked. Pure; one
/// thread at a time.
/// </summary>
/// <param name="router">The router.</param>
/// <param name="types">The services that are of use, the best first.</param>
internal abstract class IgdConversation(IPAddress router, IReadOnlyList<string> types) : MappingClient(MappingMethod.Igd)
{
    /// <summary>Longest wait for answers to the search. Ours: MX is 1 s, and 3 s are all there is.</summary>
    internal static readonly TimeSpan SearchPatience = TimeSpan.FromSeconds(1.75);

    /// <summary>Longest HTTP exchange. Ours: routers answer within some 100 ms.</summary>
    internal static readonly TimeSpan HttpPatience = TimeSpan.FromSeconds(1.5);

    /// <summary>The search goes out again after this: a datagram may be lost.</summary>
    private static readonly TimeSpan SearchAgain = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    private readonly Queue<(IPEndPoint To, string Target)> _searches = new();
    private Instant _deadline, _searchAgain;
    private bool _isSearching;
    private int _exchange;
    private HttpRequest? _request;
    private string? _action;
    private IgdUrl _location;

    /// <summary>The services that the description named, the best first; empty before.</summary>
    protected IReadOnlyList<IgdService> Services { get; private set; } = [];

    /// <summary>The next exchange to make. One that is still under way then is to be given up.</summary>
    internal bool PollRequest(out HttpRequest request)
    {
        request = _request!;
        _request = null;
        return request is not null;
    }

    /// <summary>Takes what came of an exchange: null when there was no response within the bounds.</summary>
    internal void HandleResponse(int id, HttpResponse? response, Instant now)
    {
        if (id != _exchange || Current is not { } order || _isSearching)
            return;
        if (response is null)
        {
            Answer(NoAnswer(order), now);
        }
        else if (_action is null)
        {
            if (response.Status != 200 || !DeviceDescription.TryRead(response.Body, _location, types, out var services) || services.Count == 0)
            {
                Answer(new MappingAnswer(order, MappingAnswerKind.Absent) { Failure = MappingFailure.Unsupported, Detail = $"no useful description (HTTP {response.Status})" }, now);
                return;
            }

            Services = services;
            HandleFound(order, now);
        }
        else if (SoapMessage.TryRead(response, _action, out var answer))
        {
            HandleAnswer(order, _action, answer, now);
        }
        else
        {
            Answer(NoAnswer(order) with { Failure = MappingFailure.Malformed, Detail = $"HTTP {response.Status}, no answer to {_action}" }, now);
        }
    }

    internal override bool HandleDatagram(IPEndPoint from, ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!_isSearching || Current is not { } order || !IsRouter(from.Address) || !SsdpMessage.TryReadResponse(datagram, router, out _location))
            return false;
        _isSearching = false;
        _searches.Clear();
        _action = null;
        Exchange(HttpRequest.Get(++_exchange, _location), now);
        return true;
    }

    internal override void HandleTimeout(Instant now)
    {
        if (Current is not { } order)
            return;
        if (now >= _deadline)
        {
            _isSearching = false;
            _searches.Clear();
            _exchange++;
            Answer(NoAnswer(order), now);
        }
        else if (_isSearching && now >= _searchAgain)
        {
            Search(now, once: true);
        }
    }

    internal override Instant? PollTimeout() => Current is null ? null : _isSearching ? Instant.Earlier(_deadline, _searchAgain) : _deadline;

    internal override bool PollTransmit(Span<byte> buffer, out int length, out IPEndPoint destination)
    {
        (length, destination) = (0, null!);
        if (!_searches.TryDequeue(out var search))
            return false;
        destination = search.To;
        length = SsdpMessage.WriteSearch(buffer, search.To, search.Target);
        return true;
    }

    protected override void Begin(MappingOrder order, Instant now)
    {
        if (order.Kind == MappingOrderKind.Probe)
        {
            Services = [];
            _isSearching = true;
            _deadline = now + SearchPatience;
            Search(now, once: false);
        }
        else if (Services.Count == 0)
        {
            Answer(NoAnswer(order), now);
        }
        else
        {
            BeginOrder(order, now);
        }
    }

    /// <summary>The description was read: go on with the probe.</summary>
    protected abstract void HandleFound(MappingOrder order, Instant now);

    /// <summary>Begins with an order that is no probe.</summary>
    protected abstract void BeginOrder(MappingOrder order, Instant now);

    /// <summary>Takes what an action gave.</summary>
    protected abstract void HandleAnswer(MappingOrder order, string action, SoapAnswer answer, Instant now);

    /// <summary>Calls an action.</summary>
    protected void Call(IgdService service, string action, Instant now, params ReadOnlySpan<(string Name, string Value)> arguments)
    {
        _action = action;
        Exchange(HttpRequest.Post(++_exchange, service.Control, service.Type, action, SoapMessage.Write(service.Type, action, arguments)), now);
    }

    /// <summary>What an order comes to when nothing can be heard of the router.</summary>
    protected static MappingAnswer NoAnswer(MappingOrder order) =>
        new(order, order.Kind switch
        {
            MappingOrderKind.Probe => MappingAnswerKind.Absent,
            MappingOrderKind.Delete => MappingAnswerKind.Deleted,
            _ => MappingAnswerKind.Silent,
        })
        {
            Failure = MappingFailure.NoAnswer,
        };

    /// <summary>What an order comes to that the router refuses.</summary>
    protected static MappingAnswer Refused(MappingOrder order, SoapAnswer answer) =>
        new(order, order.Kind == MappingOrderKind.Delete ? MappingAnswerKind.Deleted : MappingAnswerKind.Refused)
        {
            Failure = IgdError.ToFailure(answer.Error ?? 0),
            Detail = $"UPnP error {answer.Error} {answer.Words}".TrimEnd(),
        };

    private void Exchange(HttpRequest request, Instant now)
    {
        _request = request;
        _deadline = now + HttpPatience;
    }

    private void Search(Instant now, bool once)
    {
        var group = router.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? SsdpMessage.Group : new IPEndPoint(Scoped(SsdpMessage.GroupIPv6.Address), SsdpMessage.Port);
        foreach (var target in SsdpMessage.Targets)
        {
            _searches.Enqueue((group, target));
            _searches.Enqueue((new IPEndPoint(router, SsdpMessage.Port), target));
        }

        _searchAgain = now + (once ? Never : SearchAgain);
    }

    private IPAddress Scoped(IPAddress group) => new(group.GetAddressBytes(), router.ScopeId);

    private bool IsRouter(IPAddress from) => from.Equals(router) || (from.IsIPv4MappedToIPv6 && from.MapToIPv4().Equals(router));
}
