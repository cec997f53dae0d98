using System.Net;
using Crust.Access;
using Crust.Identity;

namespace Crust;

/// <summary>
/// A node's list of who may connect, which may change at any time: a change ends sessions that are no longer allowed (the peer is told so) and
/// refuses new ones, by address before any cryptography, by id before anything is answered, and before dialling. A session that has links in a denied
/// network and others goes on over the others. Peers that were never allowed are not answered at all. May serve several nodes. Thread safe; each change
/// happens whole.
/// </summary>
public sealed class PeerAccess
{
    private AccessRules _rules = AccessRules.Everyone;

    /// <summary>Raised after each change, on the thread that made it.</summary>
    internal event Action? Changed;

    /// <summary>The rules as they are now.</summary>
    public AccessRules Rules => Volatile.Read(ref _rules);

    /// <summary>Denies a peer.</summary>
    public void Deny(PeerId peer) => Change(rules => rules.Deny(peer));

    /// <summary>Denies links from and to a network.</summary>
    public void Deny(IPNetwork network) => Change(rules => rules.Deny(network));

    /// <summary>Puts a peer on the allow list and lifts its denial. The first one begins the list: peers that are not on it lose their sessions.</summary>
    public void Allow(PeerId peer) => Change(rules => rules.Allow(peer));

    /// <summary>Takes a peer off both lists. An allow list stays one, also when it is empty now: then nobody may connect.</summary>
    public void Remove(PeerId peer) => Change(rules => rules.Remove(peer));

    /// <summary>Lifts the denial of a network.</summary>
    public void Remove(IPNetwork network) => Change(rules => rules.Remove(network));

    /// <summary>Puts other rules in place of all there are, in one step.</summary>
    public void Replace(AccessRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        Change(_ => rules);
    }

    private void Change(Func<AccessRules, AccessRules> change)
    {
        AccessRules seen, next;
        do
        {
            seen = Volatile.Read(ref _rules);
            next = change(seen);
        }
        while (Interlocked.CompareExchange(ref _rules, next, seen) != seen);
        Changed?.Invoke();
    }
}
