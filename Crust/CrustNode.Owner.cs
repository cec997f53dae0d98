using Crust.PeerProtocol;
using Crust.Session;
using Crust.Session.Driver;

namespace Crust;

/// <content>What sessions see of the node, and tell it.</content>
public sealed partial class CrustNode
{
    /// <summary>What sessions see of the node.</summary>
    private sealed class Owner(CrustNode node) : ISessionOwner
    {
        public InboundHandler? FindHandler(string protocol) => node._protocols.FindMessageHandler(protocol);

        public StreamHandler? FindStreamHandler(string protocol) => node._protocols.FindStreamHandler(protocol);

        public InboundHandler? FindDatagramHandler(string protocol) => node._protocols.FindDatagramHandler(protocol);

        /// <summary>Where the other side is punched from is nothing that anybody would want to prove, and no node signs it.</summary>
        public bool RequiresSignature(string protocol) => protocol != PunchTalk.Protocol && (node._options.RequireSignatures || node._signatureRequired.Contains(protocol));

        public void SessionOpened(SessionDriver session)
        {
            // A gateway's peers go elsewhere when they lose it: nothing to wait for.
            if (node._options.IsGateway || node._options.ResumeTimeout == TimeSpan.Zero)
                session.EndWithLink();
            node._arrivals.Arrived(session);
            node._memory.HandleReached(session);
            node._upgrader?.Watch(session);
            node._follower?.Watch(session);
            node._neighbours?.Greet(session);
            node.Raise(node.PeerConnected, session);
        }

        public void LinkWanted(SessionDriver session) => node._reviver.Want(session);

        public void PathChanged(SessionDriver session)
        {
            node._memory.HandleReached(session);
            node._upgrader?.Watch(session);
            node._follower?.Watch(session);
            node.Raise(node.PeerPathChanged, session);
        }

        public void SessionEnded(SessionDriver session)
        {
            node._table.Remove(session);
            node._policy.Gate.Ended(session);
            node.Raise(node.PeerDisconnected, session);
            if (session.Closure is { ByRemote: true, Code: GoodbyeCode.IdentityElsewhere })
                node.RaiseIdentityElsewhere(session.Remote);
        }
    }
}
